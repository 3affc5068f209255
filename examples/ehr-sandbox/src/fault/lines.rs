//! Changes in the lines of a file.

use serde_json::{Value, json};

use super::script::{LineChange, random};

/// Changes the lines of a file, in the order of the changes.
pub(super) fn change(text: &str, changes: &[LineChange]) -> Vec<u8> {
    let mut lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let (mut start, mut end, mut last_end) = ("", "\n", true);
    for change in changes {
        match change {
            LineChange::Twice => lines = lines.into_iter().flat_map(|line| [line.clone(), line]).collect(),
            LineChange::FileTwice => lines.extend_from_within(..),
            LineChange::Reverse => lines.reverse(),
            // A file has one order, however often it is fetched.
            LineChange::Shuffle => {
                let mut keyed: Vec<(u64, String)> = (0..).map(|number| random(0, 0, number)).zip(lines).collect();
                keyed.sort_unstable();
                lines = keyed.into_iter().map(|(_, line)| line).collect();
            }
            LineChange::OlderBefore => lines = lines.into_iter().flat_map(|line| [older(&line), line]).collect(),
            LineChange::OlderAfter => lines = lines.into_iter().flat_map(|line| [line.clone(), older(&line)]).collect(),
            LineChange::None => lines.clear(),
            LineChange::Bom => start = "\u{feff}",
            LineChange::Crlf => end = "\r\n",
            LineChange::Blank => lines = lines.into_iter().flat_map(|line| [line, String::new()]).collect(),
            LineChange::NoEnd => last_end = false,
            LineChange::Add(values) => lines.extend(values.iter().map(line)),
            LineChange::AddFirst(values) => lines.splice(0..0, values.iter().map(line)).for_each(drop),
            LineChange::Without(element) => lines.iter_mut().for_each(|line| *line = without(line, element)),
        }
    }
    let mut bytes = start.as_bytes().to_vec();
    bytes.extend_from_slice(lines.join(end).as_bytes());
    if last_end && !lines.is_empty() {
        bytes.extend_from_slice(end.as_bytes());
    }
    bytes
}

fn line(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The resource as it might have been before: another content, an earlier moment.
fn older(line: &str) -> String {
    let Ok(mut resource) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    if let Some(meta) = resource.get_mut("meta") {
        *meta = json!({"versionId": "0", "lastUpdated": "1999-01-01T00:00:00.000Z"});
    }
    if let Some(members) = resource.as_object_mut() {
        members.insert("language".to_owned(), json!("tlh"));
    }
    resource.to_string()
}

fn without(line: &str, element: &str) -> String {
    let Ok(mut resource) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    if let Some(members) = resource.as_object_mut() {
        members.remove(element);
    }
    resource.to_string()
}
