//! The HTML part: blocks to MJML, MJML to HTML that mail programs understand.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::{self, Write},
};

use gateway_ports::content::ContentError;
use mrml::prelude::render::RenderOptions;

use crate::{
    document::primary,
    render::{Filled, FilledVariant},
};

/// Dark on light, and light on the accent: at least 7 to 1 and 4.5 to 1 (WCAG 2.2, 1.4.3).
const INK: &str = "#1a1a1a";
const QUIET_INK: &str = "#4d4d4d";
const ACCENT: &str = "#0b5cad";
const PAPER: &str = "#ffffff";
const TINT: &str = "#eef3f8";
const LINE: &str = "#c9d3dd";
const FONTS: &str = "Helvetica, Arial, sans-serif";

pub(crate) fn write(variant: &FilledVariant) -> Result<String, ContentError> {
    let wrong = |detail: String| ContentError::Render(format!("MJML: {detail}"));
    let mjml = mjml(variant).map_err(|error| wrong(error.to_string()))?;
    let parsed = mrml::parse(&mjml).map_err(|error| wrong(place_only(&error)))?;
    // The default would load fonts from a third party.
    let options = RenderOptions { disable_comments: true, social_icon_origin: None, fonts: HashMap::new() };
    parsed.element.render(&options).map_err(|_| wrong("the document can't be rendered".to_owned()))
}

/// A parse error without the text around it, which could hold values.
fn place_only(error: &mrml::prelude::parser::Error) -> String {
    let name = format!("{error:?}");
    let end = name.find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(name.len());
    name.chars().take(end).collect()
}

fn mjml(variant: &FilledVariant) -> Result<String, fmt::Error> {
    let right_to_left = matches!(primary(&variant.language), "ar" | "fa" | "he" | "ur" | "ps" | "yi");
    let (direction, start) = if right_to_left { ("rtl", "right") } else { ("ltr", "left") };
    let mut out = String::new();
    write!(
        out,
        r#"<mjml lang="{language}" dir="{direction}"><mj-head><mj-title>{title}</mj-title><mj-preview>{preview}</mj-preview><mj-attributes><mj-all font-family="{FONTS}" /><mj-text color="{INK}" font-size="16px" line-height="1.5" align="{start}" /><mj-button background-color="{ACCENT}" color="{PAPER}" font-size="16px" font-weight="bold" border-radius="4px" inner-padding="12px 24px" align="{start}" /><mj-image align="{start}" /><mj-divider border-color="{LINE}" border-width="1px" /></mj-attributes></mj-head><mj-body background-color="{PAPER}" width="600px">"#,
        language = escape(&variant.language),
        title = escape(&variant.subject),
        preview = escape(&variant.preheader),
    )?;
    let mut open = false;
    for block in &variant.blocks {
        if let Filled::Section(inside) = block {
            close_section(&mut out, &mut open);
            open_section(&mut out, &mut open, TINT)?;
            for block in inside {
                write_block(&mut out, block)?;
            }
            close_section(&mut out, &mut open);
        } else {
            open_section(&mut out, &mut open, PAPER)?;
            write_block(&mut out, block)?;
        }
    }
    close_section(&mut out, &mut open);
    out.push_str("</mj-body></mjml>");
    Ok(out)
}

fn open_section(out: &mut String, open: &mut bool, background: &str) -> fmt::Result {
    if !*open {
        write!(out, r#"<mj-section background-color="{background}" padding="12px 0"><mj-column>"#)?;
        *open = true;
    }
    Ok(())
}

fn close_section(out: &mut String, open: &mut bool) {
    if *open {
        out.push_str("</mj-column></mj-section>");
        *open = false;
    }
}

fn write_block(out: &mut String, block: &Filled) -> fmt::Result {
    match block {
        // Only at the top, where the caller has opened it.
        Filled::Section(_) => Ok(()),
        Filled::Heading { level, text } => {
            let level = u8::from(*level);
            let size = match level {
                1 => 26,
                2 => 21,
                _ => 18,
            };
            let text = lines(text);
            write!(out, r#"<mj-text><h{level} style="margin:0;font-size:{size}px;line-height:1.3">{text}</h{level}></mj-text>"#)
        }
        Filled::Text(text) => write!(out, r#"<mj-text><p style="margin:0">{}</p></mj-text>"#, lines(text)),
        Filled::Button { label, url } => {
            write!(out, r#"<mj-button href="{}">{}</mj-button>"#, escape(url), escape(label))
        }
        Filled::Link { label, url } => write!(
            out,
            r#"<mj-text><p style="margin:0"><a href="{}" style="color:{ACCENT}">{}</a></p></mj-text>"#,
            escape(url),
            escape(label)
        ),
        Filled::Image { source, alt, width, url } => {
            let width = width.map_or_else(String::new, |width| format!(r#" width="{width}px""#));
            let url = url.as_ref().map_or_else(String::new, |url| format!(r#" href="{}""#, escape(url)));
            write!(out, r#"<mj-image src="{}" alt="{}"{width}{url} />"#, escape(source), escape(alt))
        }
        Filled::List { numbered, items } => {
            let tag = if *numbered { "ol" } else { "ul" };
            write!(out, r#"<mj-text><{tag} style="margin:0;padding:0 24px">"#)?;
            for item in items {
                write!(out, "<li>{}</li>", lines(item))?;
            }
            write!(out, "</{tag}></mj-text>")
        }
        Filled::Divider => write!(out, "<mj-divider />"),
        Filled::Spacer { height } => write!(out, r#"<mj-spacer height="{height}px" />"#),
        Filled::Footer { text, label, url } => write!(
            out,
            r#"<mj-text font-size="14px" color="{QUIET_INK}"><p style="margin:0">{}</p><p style="margin:8px 0 0"><a href="{}" style="color:{ACCENT}">{}</a></p></mj-text>"#,
            lines(text),
            escape(url),
            escape(label)
        ),
    }
}

/// Text for an element, with its line breaks.
fn lines(text: &str) -> String {
    escape(text).lines().collect::<Vec<_>>().join("<br />")
}

/// Text for an element or a quoted attribute. MJML hands both through as they are.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}
