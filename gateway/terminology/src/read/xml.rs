//! As much of XML as a list of codes needs: elements, attributes and text. Document types are refused, so that nothing is expanded.

use std::cell::Cell;

use crate::TerminologyFileError;

/// Elements inside elements.
const DEEPEST: usize = 64;

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// An element begins; its name without a prefix.
    Begin { name: &'a str, attributes: Vec<(&'a str, String)> },
    /// The element of this name ends.
    End(&'a str),
    /// Text, not blank.
    Text(String),
}

/// Reads events from a text.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    open: Vec<&'a str>,
    /// An element without content ends where it begins.
    ended: Option<&'a str>,
    had_root: bool,
    /// Up to where lines were counted, and how many there are.
    counted: Cell<(usize, usize)>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, open: Vec::new(), ended: None, had_root: false, counted: Cell::new((0, 0)) }
    }

    /// The line that is read.
    pub(super) fn line(&self) -> String {
        self.line_of(self.at)
    }

    /// Lines are asked for from the beginning to the end: each is counted once.
    fn line_of(&self, at: usize) -> String {
        let (counted, before) = self.counted.get();
        let (from, before) = if at >= counted { (counted, before) } else { (0, 0) };
        let between = self.text.as_bytes().get(from..at).unwrap_or_default();
        let lines = before + between.split(|byte| *byte == b'\n').count() - 1;
        self.counted.set((at, lines));
        format!("line {}", lines + 1)
    }

    fn wrong(&self, reason: &str) -> TerminologyFileError {
        TerminologyFileError::new(self.line(), reason)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next event; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Event<'a>>, TerminologyFileError> {
        if let Some(name) = self.ended.take() {
            return Ok(Some(Event::End(name)));
        }
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return if self.open.is_empty() { Ok(None) } else { Err(self.wrong("the XML ends too early; the file is cut off")) };
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                self.skip(comment, "-->", 4)?;
            } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
                let length = self.skip(data, "]]>", 9)?;
                let data = data.get(..length).unwrap_or_default();
                if !data.trim().is_empty() && !self.open.is_empty() {
                    return Ok(Some(Event::Text(data.to_owned())));
                }
            } else if let Some(instruction) = rest.strip_prefix("<?") {
                self.skip(instruction, "?>", 2)?;
            } else if rest.starts_with("<!") {
                return Err(self.wrong("a document type is not accepted"));
            } else if let Some(end) = rest.strip_prefix("</") {
                let length = end.find('>').ok_or_else(|| self.wrong("the XML ends too early; the file is cut off"))?;
                let written = end.get(..length).unwrap_or_default().trim();
                match self.open.pop() {
                    Some(open) if open == written => {
                        self.at += length + 3;
                        return Ok(Some(Event::End(local(open))));
                    }
                    _ => return Err(self.wrong("an element ends that was not begun")),
                }
            } else if rest.starts_with('<') {
                return self.begin().map(Some);
            } else {
                let length = rest.find('<').unwrap_or(rest.len());
                let written = rest.get(..length).unwrap_or_default();
                if !written.trim().is_empty() {
                    if self.open.is_empty() {
                        return Err(self.wrong("there is text outside of the XML"));
                    }
                    let text = self.unescaped(written, self.at)?;
                    self.at += length;
                    return Ok(Some(Event::Text(text)));
                }
                self.at += length;
            }
        }
    }

    /// Goes behind what ends so; how long it was.
    fn skip(&mut self, inside: &str, end: &str, begin: usize) -> Result<usize, TerminologyFileError> {
        let length = inside.find(end).ok_or_else(|| self.wrong("the XML ends too early; the file is cut off"))?;
        self.at += begin + length + end.len();
        Ok(length)
    }

    fn begin(&mut self) -> Result<Event<'a>, TerminologyFileError> {
        if self.open.is_empty() && self.had_root {
            return Err(self.wrong("there is something behind the end of the XML"));
        }
        self.had_root = true;
        self.at += 1;
        let written = self.name()?;
        let mut attributes = Vec::new();
        loop {
            let blank = self.rest().len() - self.rest().trim_start().len();
            self.at += blank;
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                self.ended = Some(local(written));
                break;
            }
            if rest.starts_with('>') {
                self.at += 1;
                if self.open.len() >= DEEPEST {
                    return Err(self.wrong("the XML is nested too deep"));
                }
                self.open.push(written);
                break;
            }
            if rest.is_empty() {
                return Err(self.wrong("the XML ends too early; the file is cut off"));
            }
            if blank == 0 {
                return Err(self.wrong("this is not XML"));
            }
            let name = self.name()?;
            self.expect_equals()?;
            let quote = self.rest().chars().next().filter(|it| matches!(it, '"' | '\''));
            let quote = quote.ok_or_else(|| self.wrong("the value of an attribute is not quoted"))?;
            let value = self.rest().get(1..).unwrap_or_default();
            let length = value.find(quote).ok_or_else(|| self.wrong("the XML ends too early; the file is cut off"))?;
            let value = self.unescaped(value.get(..length).unwrap_or_default(), self.at)?;
            self.at += length + 2;
            attributes.push((local(name), value));
        }
        Ok(Event::Begin { name: local(written), attributes })
    }

    fn name(&mut self) -> Result<&'a str, TerminologyFileError> {
        let rest = self.rest();
        let length = rest.find(|it: char| it.is_whitespace() || matches!(it, '=' | '>' | '/' | '<' | '"' | '\'')).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.wrong("this is not XML"));
        }
        self.at += length;
        Ok(rest.get(..length).unwrap_or_default())
    }

    fn expect_equals(&mut self) -> Result<(), TerminologyFileError> {
        let rest = self.rest();
        let behind = rest.trim_start().strip_prefix('=').ok_or_else(|| self.wrong("an attribute has no value"))?.trim_start();
        self.at += rest.len() - behind.len();
        Ok(())
    }

    fn unescaped(&self, written: &str, at: usize) -> Result<String, TerminologyFileError> {
        let mut text = String::with_capacity(written.len());
        let mut rest = written;
        while let Some((before, from)) = rest.split_once('&') {
            text.push_str(before);
            let wrong = |reason: &str| TerminologyFileError::new(self.line_of(at + written.len() - from.len()), reason);
            let (entity, behind) = from.split_once(';').ok_or_else(|| wrong("a `&` stands alone; expected `&amp;`"))?;
            let character = match entity {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => {
                    let number = entity.strip_prefix("#x").map(|it| u32::from_str_radix(it, 16));
                    let number = number.or_else(|| entity.strip_prefix('#').map(str::parse));
                    number.and_then(Result::ok).and_then(char::from_u32)
                }
            };
            text.push(character.ok_or_else(|| wrong("an entity is not known"))?);
            rest = behind;
        }
        text.push_str(rest);
        Ok(text)
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn all(text: &str) -> Result<Vec<Event<'_>>, TerminologyFileError> {
        let mut reader = Reader::new(text);
        std::iter::from_fn(|| reader.next().transpose()).collect()
    }

    #[test]
    fn elements_attributes_and_text_are_read() {
        let text = "<?xml version=\"1.0\"?>\n<!-- a <b> -->\n<n:a  x = '1 &amp; &#x32;' n:y=\"&quot;\">t<c/><![CDATA[<d>]]></n:a>\n";
        let attributes = vec![("x", "1 & 2".to_owned()), ("y", "\"".to_owned())];
        let expected = [
            Event::Begin { name: "a", attributes },
            Event::Text("t".into()),
            Event::Begin { name: "c", attributes: vec![] },
            Event::End("c"),
            Event::Text("<d>".into()),
            Event::End("a"),
        ];
        assert_eq!(all(text).unwrap(), expected);
    }

    #[rstest]
    #[case::cut_in_an_element("<a>\n<b x='", "line 2", "cut off")]
    #[case::cut_between("<a>\n<b/>\n", "line 3", "cut off")]
    #[case::cut_in_a_comment("<a><!-- ", "line 1", "cut off")]
    #[case::crossed("<a><b></a></b>", "line 1", "was not begun")]
    #[case::a_document_type("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "line 1", "document type")]
    #[case::an_unknown_entity("<a>\n\n&x;</a>", "line 3", "entity")]
    #[case::a_lonely_ampersand("<a b='x & y'/>", "line 1", "&amp;")]
    #[case::two_roots("<a/><b/>", "line 1", "behind the end")]
    #[case::no_quotes("<a b=c/>", "line 1", "not quoted")]
    fn what_is_no_xml_is_refused_with_the_line(#[case] text: &str, #[case] place: &str, #[case] reason: &str) {
        let error = all(text).unwrap_err();
        assert!(error.place == place && error.reason.contains(reason), "{error}");
    }

    #[test]
    fn a_flood_of_open_elements_is_refused() {
        assert!(all(&"<a>".repeat(100_000)).unwrap_err().reason.contains("too deep"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[<>&/a-c='\"! -]{0,80}") {
            let _ = all(&text);
        }
    }
}
