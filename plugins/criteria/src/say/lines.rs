//! Lines that go on in the lines below them, and the texts within a line.

/// How deep lines go on in lines: deeper than any document.
const DEEPEST: usize = 80;
/// Characters of a text that is read.
const LONGEST: usize = 50_000_000;

/// A line, and the lines it goes on in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1; 0 where it was not read.
    pub(super) number: usize,
    pub(super) text: String,
    pub(super) below: Vec<Line>,
}

impl Line {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn with(text: impl Into<String>, below: Vec<Self>) -> Self {
        Self { text: text.into(), below, number: 0 }
    }

    /// What is wrong with it.
    pub(super) fn wrong(&self, expected: &str) -> String {
        format!("line {}: expected {expected}, found `{}`", self.number, self.text.chars().take(60).collect::<String>())
    }
}

/// The lines as a text.
pub(super) fn print(lines: &[Line]) -> String {
    fn add(lines: &[Line], depth: usize, text: &mut String) {
        for line in lines {
            text.extend(std::iter::repeat_n("  ", depth));
            text.push_str(&line.text);
            text.push_str(if line.below.is_empty() { "\n" } else { ":\n" });
            add(&line.below, depth + 1, text);
        }
    }
    let mut text = String::new();
    add(lines, 0, &mut text);
    text
}

/// The lines of a text.
pub(super) fn read(text: &str) -> Result<Vec<Line>, String> {
    if text.len() > LONGEST {
        return Err(format!("expected at most {LONGEST} characters"));
    }
    // The lines that are not yet at their end, the innermost last, and what each goes on in.
    let mut open: Vec<Line> = vec![Line::default()];
    let close = |open: &mut Vec<Line>, depth: usize| {
        while open.len() > depth + 1 {
            let (Some(line), Some(above)) = (open.pop(), open.last_mut()) else { return };
            above.below.push(line);
        }
    };
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let text = line.trim_start_matches(' ');
        let depth = (line.len() - text.len()) / 2;
        if (line.len() - text.len()) % 2 == 1 || depth >= open.len() || depth > DEEPEST {
            return Err(format!("line {number}: expected to stand two spaces further in than the line it belongs to"));
        }
        close(&mut open, depth);
        open.push(Line { number, text: text.to_owned(), below: Vec::new() });
    }
    close(&mut open, 0);
    Ok(strip(open.pop().unwrap_or_default().below))
}

/// Takes the colon from each line that goes on.
fn strip(lines: Vec<Line>) -> Vec<Line> {
    let one = |line: Line| {
        let text = if line.below.is_empty() { line.text } else { line.text.strip_suffix(':').map_or(line.text.clone(), str::to_owned) };
        Line { text, below: strip(line.below), ..line }
    };
    lines.into_iter().map(one).collect()
}

/// A text as it stands in a line: in quotation marks where it could be taken for something else.
pub(super) fn text(text: &str) -> String {
    let plain = !text.starts_with('"') && text.trim() == text && !text.is_empty() && !text.chars().any(char::is_control);
    if plain { text.to_owned() } else { quoted(text) }
}

/// A text in quotation marks.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text that a line ends with.
pub(super) fn read_text(written: &str) -> Option<String> {
    if written.starts_with('"') { serde_json::from_str(written).ok() } else { Some(written.to_owned()) }
}

/// The text in quotation marks that a line begins with, and what follows it.
pub(super) fn read_quoted(written: &str) -> Option<(String, &str)> {
    let mut read = serde_json::Deserializer::from_str(written).into_iter::<String>();
    let text = read.next()?.ok()?;
    let end = read.byte_offset();
    Some((text, written.get(end..)?))
}

/// A word without blanks, in quotation marks where it is none.
pub(super) fn token(word: &str) -> String {
    let plain = !word.is_empty() && !word.starts_with('"') && !word.chars().any(|each| each.is_whitespace() || each.is_control());
    if plain { word.to_owned() } else { quoted(word) }
}

/// The word a line begins with, and what follows it.
pub(super) fn read_token(written: &str) -> Option<(String, &str)> {
    if written.starts_with('"') {
        return read_quoted(written);
    }
    let end = written.find(' ').unwrap_or(written.len());
    Some((written.get(..end)?.to_owned(), written.get(end..)?)).filter(|(word, _)| !word.is_empty())
}
