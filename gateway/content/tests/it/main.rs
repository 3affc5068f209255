//! Documents as hospitals write them, through check, render and assembly.

#![expect(clippy::unwrap_used, reason = "a test may fail where a helper of it does")]

mod assembled;
mod checked;
mod rendered;

use std::{collections::BTreeMap, path::Path};

use gateway_content::EmailContent;
use gateway_ports::content::{ContentError, MessageContent, MessageLinks, RenderRequest, RenderedMessage};
use serde_json::Value;

fn document(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let clinic = [
        ("organization.name", "Riverside Health"),
        ("organization.address", "12 River Road, Springfield"),
        ("organization.phone", "555 0100"),
    ];
    clinic.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn links() -> MessageLinks {
    MessageLinks {
        click: "https://outreach.example.org/p/c/TOKEN/{n}".to_owned(),
        preferences: "https://outreach.example.org/p/preferences/TOKEN".to_owned(),
        unsubscribe: "https://outreach.example.org/p/unsubscribe/TOKEN".to_owned(),
    }
}

fn render(document: &Value, language: Option<&str>, pairs: &[(&str, &str)]) -> Result<RenderedMessage, ContentError> {
    let (values, links) = (values(pairs), links());
    EmailContent.render(&RenderRequest { document, language, values: &values, links: &links })
}
