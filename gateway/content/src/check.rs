//! What is wrong with a document before anyone gets it.

use std::collections::BTreeMap;

use gateway_domain::issue::Issue;
use gateway_ports::content::{MessageLinks, RenderRequest};
use serde_json::Value;
use url::Url;

use crate::{
    document::{Block, Document, Variant, primary},
    merge::{KNOWN_FIELDS, fields},
    render::render,
};

/// Some mail programs cut off what is larger, and the footer with it.
const LARGE_HTML: usize = 100 << 10;
/// Longer subjects are cut off on most screens.
const LONG_SUBJECT: usize = 78;

/// Words that tell whoever sees an inbox about a person's health, by the start of the word.
const CLINICAL_WORDS: [(&str, &[&str]); 2] = [
    (
        "en",
        &[
            "abortion",
            "addict",
            "aids",
            "alcohol",
            "biops",
            "cancer",
            "chemo",
            "chlamydia",
            "colonoscop",
            "dementia",
            "depress",
            "diabet",
            "diagnos",
            "hepatitis",
            "herpes",
            "hiv",
            "hypertens",
            "insulin",
            "mammogra",
            "opioid",
            "overdose",
            "oncolog",
            "pap",
            "pregnan",
            "prostate",
            "psychiatr",
            "sexual",
            "suicid",
            "syphilis",
            "tumor",
            "tumour",
            "vagina",
        ],
    ),
    (
        "es",
        &[
            "aborto",
            "adicc",
            "alcohol",
            "biopsia",
            "cáncer",
            "cancer",
            "clamidia",
            "colonoscop",
            "demencia",
            "depres",
            "diabet",
            "diagnós",
            "embaraz",
            "hepatitis",
            "herpes",
            "hipertens",
            "insulina",
            "mamograf",
            "oncolog",
            "papanicolau",
            "próstata",
            "psiquiatr",
            "quimio",
            "sexual",
            "sida",
            "sífilis",
            "suicid",
            "tumor",
            "vih",
        ],
    ),
];

pub(crate) fn check(value: &Value) -> Vec<Issue> {
    let document = match Document::read(value) {
        Ok(document) => document,
        Err(error) => return vec![Issue::fatal("", error.to_string())],
    };
    let mut issues = Vec::new();
    check_links(&document, &mut issues);
    if !document.variants.contains_key(&document.default_language) {
        let tag = &document.default_language;
        issues.push(Issue::fatal("/default_language", format!("there is no variant `{tag}`; add it, or choose another")));
    }
    for (tag, variant) in &document.variants {
        let path = format!("/variants/{}", pointer(tag));
        if !is_language(tag) {
            issues.push(Issue::fatal(&path, format!("`{tag}` is not a language tag, expected one like `es` or `pt-BR`")));
        }
        check_variant(tag, variant, &path, &document, &mut issues);
        if !issues.iter().any(|issue| issue.fatal) {
            check_size(value, tag, &path, &mut issues);
        }
    }
    issues
}

fn check_links(document: &Document, issues: &mut Vec<Issue>) {
    for (key, target) in &document.links {
        let path = format!("/links/{}", pointer(key));
        if !is_web_address(target) {
            issues.push(Issue::fatal(&path, format!("the link `{key}` has to lead to an absolute https address")));
        }
        let used = document.variants.values().any(|variant| flat(&variant.blocks).any(|(_, it)| it.link() == Some(key)));
        if !used {
            issues.push(Issue::advice(&path, format!("no block uses the link `{key}`")));
        }
    }
}

fn check_variant(tag: &str, variant: &Variant, path: &str, document: &Document, issues: &mut Vec<Issue>) {
    for (name, text) in [("subject", &variant.subject), ("preheader", &variant.preheader)] {
        let path = format!("{path}/{name}");
        check_text(text, &path, issues);
        if text.trim().is_empty() {
            issues.push(Issue::fatal(&path, format!("the {name} is empty")));
        }
        if let Some(word) = clinical_word(tag, text) {
            let message = format!("`{word}` tells whoever sees the inbox about a person's health; leave it to the email itself");
            issues.push(Issue::fatal(&path, message));
        }
    }
    if variant.subject.chars().count() > LONG_SUBJECT {
        let message = format!("a subject of more than {LONG_SUBJECT} characters is cut off on most screens");
        issues.push(Issue::advice(format!("{path}/subject"), message));
    }
    let mut footers = 0;
    for (place, block) in flat(&variant.blocks) {
        let path = format!("{path}/blocks{place}");
        for (inside, text) in block.texts() {
            check_text(text, &format!("{path}{inside}"), issues);
        }
        if let Some(key) = block.link()
            && !document.links.contains_key(key)
        {
            issues.push(Issue::fatal(format!("{path}/link"), format!("the link `{key}` has no target under links")));
        }
        match block {
            Block::Footer { text, preferences_label } => {
                footers += 1;
                if text.trim().is_empty() || preferences_label.trim().is_empty() {
                    issues.push(Issue::fatal(&path, "the footer has to say who sends this, and how to leave"));
                }
            }
            Block::Image { url, alt, .. } => {
                if alt.trim().is_empty() {
                    let message = "the picture has no alt text; say what it shows for those who don't see it";
                    issues.push(Issue::fatal(format!("{path}/alt"), message));
                }
                if !is_web_address(url) {
                    issues.push(Issue::fatal(format!("{path}/url"), "the picture needs an absolute https address"));
                }
            }
            Block::Button { label: text, .. } | Block::Link { label: text, .. } | Block::Heading { text, .. } if text.trim().is_empty() => {
                issues.push(Issue::fatal(&path, "the text of this block is empty"));
            }
            Block::Section { blocks } if blocks.iter().any(|it| matches!(it, Block::Section { .. })) => {
                issues.push(Issue::fatal(&path, "sections do not nest"));
            }
            _ => {}
        }
    }
    if footers != 1 {
        let message = format!("expected exactly one footer, by which people can leave, found {footers}");
        issues.push(Issue::fatal(format!("{path}/blocks"), message));
    }
}

fn check_text(text: &str, path: &str, issues: &mut Vec<Issue>) {
    let fields = match fields(text) {
        Ok(fields) => fields,
        Err(message) => return issues.push(Issue::fatal(path, message)),
    };
    for field in fields {
        let name = field.name;
        if !KNOWN_FIELDS.contains(&name) {
            let known = KNOWN_FIELDS.join(", ");
            issues.push(Issue::fatal(path, format!("the merge field `{name}` is not known; there are {known}")));
        } else if !field.has_fall_back {
            let message =
                format!("messages to people without `{name}` are held; give a fall-back, as in {{{{ {name} | default(\"...\") }}}}");
            issues.push(Issue::advice(path, message));
        }
    }
}

/// Renders the variant with a value in every field to see its size.
fn check_size(value: &Value, tag: &str, path: &str, issues: &mut Vec<Issue>) {
    let values: BTreeMap<String, String> = KNOWN_FIELDS.iter().map(|name| ((*name).to_owned(), "Maximiliana Aurelia".to_owned())).collect();
    let sample_link = format!("https://outreach.example.org/p/{}", "x".repeat(110));
    let links = MessageLinks { click: format!("{sample_link}{{n}}"), preferences: sample_link.clone(), unsubscribe: sample_link };
    match render(&RenderRequest { document: value, language: Some(tag), values: &values, links: &links }) {
        Ok(rendered) if rendered.html.len() > LARGE_HTML => {
            let size = rendered.html.len() >> 10;
            let message = format!("the HTML has {size} KB; some mail programs cut off after 100 KB, and the footer with it");
            issues.push(Issue::advice(path, message));
        }
        Ok(_) => {}
        Err(error) => issues.push(Issue::fatal(path, error.to_string())),
    }
}

/// All blocks with their places, those inside of sections too.
fn flat(blocks: &[Block]) -> impl Iterator<Item = (String, &Block)> {
    blocks.iter().enumerate().flat_map(|(index, block)| {
        let inside: &[Block] = match block {
            Block::Section { blocks } => blocks,
            _ => &[],
        };
        let inside = inside.iter().enumerate();
        let inside = inside.map(move |(place, block)| (format!("/{index}/blocks/{place}"), block));
        std::iter::once((format!("/{index}"), block)).chain(inside)
    })
}

fn clinical_word(tag: &str, text: &str) -> Option<String> {
    let lists: Vec<&[&str]> = CLINICAL_WORDS.iter().filter(|(language, _)| *language == primary(tag)).map(|(_, words)| *words).collect();
    text.split(|it: char| !it.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).find(|word| {
        // Short stems stand for themselves alone: "pap", not "paper".
        let matches = |stem: &str| if stem.chars().count() < 5 { word == stem } else { word.starts_with(stem) };
        lists.iter().any(|stems| stems.iter().any(|stem| matches(stem)))
    })
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_web_address(text: &str) -> bool {
    text.starts_with("https://")
        && Url::parse(text).is_ok_and(|url| url.has_host() && url.username().is_empty() && url.password().is_none())
}

/// A key as a part of a JSON pointer (RFC 6901 section 3).
fn pointer(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
