//! The text part, written from the blocks themselves.

use crate::render::{Filled, FilledVariant};

pub(crate) fn write(variant: &FilledVariant) -> String {
    let mut paragraphs = Vec::new();
    collect(&variant.blocks, &mut paragraphs);
    let mut text = paragraphs.join("\n\n");
    text.push('\n');
    text
}

fn collect(blocks: &[Filled], paragraphs: &mut Vec<String>) {
    for block in blocks {
        paragraphs.push(match block {
            Filled::Section(inside) => {
                collect(inside, paragraphs);
                continue;
            }
            Filled::Spacer { .. } => continue,
            Filled::Heading { text, .. } | Filled::Text(text) => text.clone(),
            Filled::Button { label, url } | Filled::Link { label, url } => format!("{label}:\n{url}"),
            Filled::Image { alt, url: Some(url), .. } => format!("[{alt}]\n{url}"),
            Filled::Image { alt, url: None, .. } => format!("[{alt}]"),
            Filled::List { numbered, items } => list(*numbered, items),
            Filled::Divider => "----------".to_owned(),
            // The line of two hyphens and a space is how mail programs know what comes after.
            Filled::Footer { text, label, url } => format!("-- \n{text}\n{label}:\n{url}"),
        });
    }
}

fn list(numbered: bool, items: &[String]) -> String {
    let items = items.iter().zip(1..).map(|(item, number): (_, u32)| {
        let mark = if numbered { format!("{number}.") } else { "-".to_owned() };
        format!("{mark} {item}")
    });
    items.collect::<Vec<_>>().join("\n")
}
