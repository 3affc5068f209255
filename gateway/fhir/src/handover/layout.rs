//! How a document is laid out, told by its beginning and never by its name: a resource a line, or a document over many lines.

/// How a document is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// A resource a line.
    Lines,
    /// One value over many lines, or several one after the other.
    Whole,
    /// Nothing but blanks.
    Empty,
    /// Not FHIR in JSON.
    Foreign(&'static str),
    /// The first line goes on beyond what is here.
    Open,
}

const SIGNATURES: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "it is a zip archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is packed with zstd, and only gzip is read: unpack it first"),
    (b"BZh", "it is packed with bzip2, and only gzip is read: unpack it first"),
    (b"\xfd7zXZ", "it is packed with xz, and only gzip is read: unpack it first"),
    (b"PAR1", "it is a Parquet file, and only FHIR in JSON is read"),
    (b"\xff\xfe", "it is written in UTF-16, and FHIR in JSON is UTF-8"),
    (b"\xfe\xff", "it is written in UTF-16, and FHIR in JSON is UTF-8"),
    (b"<", "it is XML or HTML, and only FHIR in JSON is read"),
];

/// Tells the layout from a beginning; `whole` where that is all there is.
pub(super) fn layout(beginning: &[u8], whole: bool) -> Layout {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
    if let Some((_, reason)) = SIGNATURES.iter().find(|(signature, _)| text.starts_with(signature)) {
        return Layout::Foreign(reason);
    }
    match text.first() {
        None if whole => Layout::Empty,
        None => Layout::Open,
        Some(b'{') => objects(text, whole),
        Some(b'[') => Layout::Whole,
        // A first line that can't be read does not speak for those after it.
        Some(_) if text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_start().starts_with(b"{")) => Layout::Lines,
        Some(_) if !whole && !text.contains(&b'\n') => Layout::Open,
        Some(_) => Layout::Foreign("it holds no JSON object"),
    }
}

/// The layout of a text that begins with `{`.
fn objects(text: &[u8], whole: bool) -> Layout {
    let mut open: Vec<u8> = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    let mut last = 0;
    for (at, byte) in text.iter().copied().enumerate() {
        if byte == b'\n' {
            let following = text.get(at..).unwrap_or_default().trim_ascii_start();
            return match following.first() {
                None if whole => Layout::Lines,
                None => Layout::Open,
                Some(_) if in_string => Layout::Lines,
                // Another object may stand in a list or as a value. Anywhere else the first line was cut, and this is the second.
                Some(b'{') if !(last == b':' || open.last() == Some(&b'[') && matches!(last, b'[' | b',')) => Layout::Lines,
                Some(_) => Layout::Whole,
            };
        }
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => open.push(byte),
            b'}' | b']' => {
                open.pop();
                if open.is_empty() {
                    return Layout::Lines;
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    if whole { Layout::Lines } else { Layout::Open }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_told_by_the_beginning() {
        for (text, expected) in [
            ("{\"a\":1}\n{\"a\":2}\n", Layout::Lines),
            ("\u{feff}\r\n {\"a\":\"}\\\"\"}", Layout::Lines),
            ("{\n  \"resourceType\": \"Patient\"\n}", Layout::Whole),
            ("{\"resourceType\":\"Bundle\",\"entry\":[\n{\"resource\":{}}]}", Layout::Whole),
            ("{\"resourceType\":\"Patient\",\"id\":\n\"1\"}", Layout::Whole),
            ("[{\"a\":1}]", Layout::Whole),
            // A first line that was cut.
            ("{\"resourceType\":\"Patient\",\n{\"resourceType\":\"Patient\"}\n", Layout::Lines),
            ("{\"resourceType\":\"Pat\n{\"resourceType\":\"Patient\"}\n", Layout::Lines),
            ("garbage\n{\"a\":1}", Layout::Lines),
            ("{\"resourceType\":\"Patient\"", Layout::Lines),
            ("", Layout::Empty),
            (" \n", Layout::Empty),
        ] {
            assert_eq!(layout(text.as_bytes(), true), expected, "{text}");
        }
        assert!(matches!(layout(b"PK\x03\x04 ", true), Layout::Foreign(_)));
        assert!(matches!(layout(b"Read me first.", true), Layout::Foreign(_)));
        assert!(matches!(layout(b"\xff\xfe{\0", true), Layout::Foreign(_)));
        assert_eq!(layout(b"{\"a\":\"", false), Layout::Open);
    }
}
