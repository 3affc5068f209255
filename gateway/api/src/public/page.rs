//! The one shape all patient pages have. Text goes in as text and is escaped here; there is no other way in.

use std::fmt::Write;

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use super::wording::Wording;

/// A page that is being put together.
pub(super) struct Page<'a> {
    organization: &'a str,
    html: String,
}

/// A box that can be ticked.
pub(super) struct Choice<'a> {
    /// Name of the field.
    pub(super) name: &'a str,
    /// What it says.
    pub(super) label: &'a str,
    /// More about it.
    pub(super) hint: &'a str,
    /// Whether it is ticked.
    pub(super) ticked: bool,
    /// Whether it can be changed.
    pub(super) open: bool,
}

impl<'a> Page<'a> {
    /// A page with a heading.
    pub(super) fn new(wording: &Wording, organization: &'a str, title: &str) -> Self {
        let language = wording.language;
        let (name, title) = (escape(organization), escape(title));
        let html = format!(
            "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
             <title>{title} – {name}</title>\n<link rel=\"stylesheet\" href=\"/p/style.css\">\n</head>\n<body>\n\
             <header>{name}</header>\n<main>\n<h1>{title}</h1>\n"
        );
        Self { organization, html }
    }

    /// Text; `{name}` becomes the hospital's name.
    pub(super) fn paragraph(self, text: &str) -> Self {
        let text = self.named(text);
        self.raw(format_args!("<p>{text}</p>\n"))
    }

    /// Text that a screen reader says at once.
    pub(super) fn status(self, text: &str) -> Self {
        let text = self.named(text);
        self.raw(format_args!("<p class=\"status\" role=\"status\">{text}</p>\n"))
    }

    /// A link within our own pages.
    pub(super) fn link(self, href: &str, text: &str) -> Self {
        let (href, text) = (escape(href), escape(text));
        self.raw(format_args!("<p><a href=\"{href}\">{text}</a></p>\n"))
    }

    /// Begins a form that is posted to the address of this page.
    pub(super) fn form(self) -> Self {
        self.raw(format_args!("<form method=\"post\">\n"))
    }

    /// Boxes under a common heading.
    pub(super) fn choices(mut self, legend: &str, choices: &[Choice<'_>]) -> Self {
        self = self.raw(format_args!("<fieldset>\n<legend>{}</legend>\n", escape(legend)));
        for choice in choices {
            let ticked = if choice.ticked { " checked" } else { "" };
            let closed = if choice.open { "" } else { " disabled" };
            let (name, label, hint) = (escape(choice.name), escape(choice.label), escape(choice.hint));
            self = self.raw(format_args!(
                "<div class=\"choice\"><input type=\"checkbox\" id=\"{name}\" name=\"{name}\" value=\"yes\" \
                 aria-describedby=\"{name}-hint\"{ticked}{closed}>\
                 <label for=\"{name}\">{label}</label><p class=\"hint\" id=\"{name}-hint\">{hint}</p></div>\n"
            ));
        }
        self.raw(format_args!("</fieldset>\n"))
    }

    /// Ends a form with the button that sends it.
    pub(super) fn send(self, name: &str, button: &str) -> Self {
        let (name, button) = (escape(name), escape(button));
        self.raw(format_args!("<button type=\"submit\" name=\"{name}\" value=\"yes\">{button}</button>\n</form>\n"))
    }

    /// The finished page.
    pub(super) fn answer(self, status: StatusCode) -> Response {
        (status, Html(self.raw(format_args!("</main>\n</body>\n</html>\n")).html)).into_response()
    }

    fn named(&self, text: &str) -> String {
        escape(&text.replace("{name}", self.organization))
    }

    fn raw(mut self, html: std::fmt::Arguments<'_>) -> Self {
        // Writing to a string can't fail.
        let _ = self.html.write_fmt(html);
        self
    }
}

/// Text for an element's content or a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn a_hostile_name_stays_text_wherever_it_stands() {
        let hostile = "\"><script>alert('x')</script>&{name}";
        let wording = Wording::choose(None, &HeaderMap::new());
        let choice = Choice { name: hostile, label: hostile, hint: hostile, ticked: true, open: true };
        let page = Page::new(wording, hostile, hostile)
            .paragraph("{name}")
            .status(hostile)
            .link(hostile, hostile)
            .form()
            .choices(hostile, &[choice])
            .send(hostile, hostile);
        assert!(!page.html.contains("<script"), "{}", page.html);
        assert!(!page.html.contains("\"\">"), "{}", page.html);
        assert!(page.html.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    }
}
