//! A document in plain English, and back. What is written can be read again: the document that comes of it means the same, and is written
//! in the same words. Labels, descriptions and names of codes stay; how a default was said, or whether it was, does not.
//!
//! The English is a small language of lines. One that ends with a colon goes on in the lines below it, two spaces further in. Every phrase
//! stands once, in `say/words.rs`, and serves both ways.

mod clauses;
mod lines;
mod parse;
mod words;
mod write;

use outreach_plugin_sdk::document::Reader;
use serde_json::Value;

use crate::document::Document;

/// The document in plain English, blocks included.
///
/// # Errors
/// The first thing that is wrong with the document, with its place.
pub fn plain(document: &Value) -> Result<String, String> {
    check(document)?;
    let lines = write::document(document).ok_or("the document has a shape that has no words")?;
    Ok(lines::print(&lines))
}

/// The document that plain English says.
///
/// # Errors
/// The line that can't be read, or the first thing that is wrong with the document.
pub fn from_plain(text: &str) -> Result<Value, String> {
    let document = parse::document(&lines::read(text)?)?;
    check(&document)?;
    Ok(document)
}

fn check(document: &Value) -> Result<(), String> {
    let (read, issues) = Reader::read(&document.to_string(), Document::read);
    match (read, issues.into_iter().find(|issue| issue.fatal)) {
        (Some(_), None) => Ok(()),
        (_, Some(issue)) => Err(format!("{}: {}", issue.path, issue.message)),
        (None, None) => Err("the document can't be used".to_owned()),
    }
}

#[cfg(test)]
mod tests;
