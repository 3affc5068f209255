//! The page: a list of messages, each shown as it would be read. Its HTML is shown in a sandboxed frame, without scripts.

use std::fmt::Write as _;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mail_parser::MessageParser;
use serde::Serialize;

use crate::{Mailbox, Received};

pub(crate) fn router(mailbox: Mailbox) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/messages/{number}", get(one))
        .route("/messages/{number}/html", get(html))
        .route("/messages/{number}/raw", get(raw))
        .route("/api/messages", get(summaries))
        .with_state(mailbox)
}

/// A message in short.
#[derive(Debug, Serialize)]
struct Summary {
    number: usize,
    to: Vec<String>,
    from: String,
    subject: String,
    at: String,
    text: String,
}

impl Summary {
    fn of(received: &Received) -> Self {
        let parsed = MessageParser::default().parse(&received.raw);
        Self {
            number: received.number,
            to: received.to.clone(),
            from: received.from.clone(),
            subject: parsed.as_ref().and_then(|message| message.subject()).unwrap_or("(no subject)").to_owned(),
            at: received.at.to_string(),
            text: parsed.as_ref().and_then(|message| message.body_text(0)).unwrap_or_default().into_owned(),
        }
    }
}

async fn summaries(State(mailbox): State<Mailbox>) -> Json<Vec<Summary>> {
    Json(mailbox.messages().iter().rev().map(|received| Summary::of(received)).collect())
}

async fn list(State(mailbox): State<Mailbox>) -> Html<String> {
    let messages = mailbox.messages();
    let mut rows = String::new();
    for received in messages.iter().rev().take(500) {
        let summary = Summary::of(received);
        let _ = write!(
            rows,
            "<li><a href=\"/messages/{}\"><b>{}</b><span>{}</span><time>{}</time></a></li>",
            summary.number,
            escape(&summary.subject),
            escape(&summary.to.join(", ")),
            escape(summary.at.get(..16).unwrap_or(&summary.at)),
        );
    }
    if rows.is_empty() {
        rows.push_str("<li class=\"empty\">Nothing has arrived yet. This page looks again every five seconds.</li>");
    }
    shell("Mailbox", &format!("<h1>Mailbox <small>{}</small></h1><ul>{rows}</ul>", messages.len()), true)
}

async fn one(State(mailbox): State<Mailbox>, Path(number): Path<usize>) -> Response {
    let Some(received) = mailbox.message(number) else {
        return (StatusCode::NOT_FOUND, shell("Not here", "<h1>No such message</h1>", false)).into_response();
    };
    let summary = Summary::of(&received);
    let headers = String::from_utf8_lossy(&received.raw);
    let headers = headers.split("\r\n\r\n").next().unwrap_or_default();
    let body = format!(
        "<p><a href=\"/\">All messages</a></p><h1>{}</h1><p>To {} · {}</p>\
         <iframe title=\"The message as it is read\" sandbox=\"allow-popups\" src=\"/messages/{number}/html\"></iframe>\
         <h2>Text part</h2><pre>{}</pre><h2>Headers</h2><pre>{}</pre><p><a href=\"/messages/{number}/raw\">The whole message as received</a></p>",
        escape(&summary.subject),
        escape(&summary.to.join(", ")),
        escape(&summary.at),
        escape(&summary.text),
        escape(headers),
    );
    shell(&summary.subject, &body, false).into_response()
}

async fn html(State(mailbox): State<Mailbox>, Path(number): Path<usize>) -> Response {
    let Some(received) = mailbox.message(number) else { return StatusCode::NOT_FOUND.into_response() };
    let parsed = MessageParser::default().parse(&received.raw);
    let html = parsed.as_ref().and_then(|message| message.body_html(0)).unwrap_or_default().into_owned();
    ([(header::CONTENT_SECURITY_POLICY, "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:")], Html(html))
        .into_response()
}

async fn raw(State(mailbox): State<Mailbox>, Path(number): Path<usize>) -> Response {
    let Some(received) = mailbox.message(number) else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], received.raw.clone()).into_response()
}

fn shell(title: &str, body: &str, refresh: bool) -> Html<String> {
    let refresh = if refresh { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" };
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">{refresh}<title>{}</title><style>{STYLE}</style><main>{body}</main></html>",
        escape(title)
    ))
}

const STYLE: &str = ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:52rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem}small{color:GrayText;font-weight:400}ul{list-style:none;padding:0;border-top:1px solid #8884}li{border-bottom:1px solid #8884}\
li a{display:grid;grid-template-columns:1fr 16rem 10rem;gap:1rem;padding:.6rem .2rem;color:inherit;text-decoration:none}li a:hover,li a:focus{background:#8882}\
li.empty{padding:2rem 0;color:GrayText}time,span{color:GrayText;font-variant-numeric:tabular-nums}iframe{width:100%;height:34rem;border:1px solid #8884;border-radius:6px;background:#fff}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8881;padding:1rem;border-radius:6px;font-size:.85rem}@media(max-width:40rem){li a{grid-template-columns:1fr}}";

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for each in text.chars() {
        match each {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            each => escaped.push(each),
        }
    }
    escaped
}
