//! Manifests in other shapes: in pages, and with files of mixed types.

use axum::{body::Body, extract::Request, middleware::Next};
use bytes::Bytes;
use http::{Extensions, HeaderMap, Uri};
use serde_json::{Value, json};

use super::whole;

/// The parameter of a page of a manifest.
const PAGE: &str = "_manifestPage";
/// The name of a file of mixed types, before its number.
const MIXED: &str = "mixed-";

/// The page of a manifest that the query asks for, with so many files.
pub(super) fn page(manifest: &mut Value, uri: &Uri, origin: &str, files: usize) {
    let query = uri.query().unwrap_or_default();
    let number = query.split('&').find_map(|part| part.strip_prefix(PAGE)?.strip_prefix('=')?.parse::<usize>().ok()).unwrap_or(0);
    let files = files.max(1);
    let all = manifest.get("output").and_then(Value::as_array).cloned().unwrap_or_default();
    let more = all.len() > (number + 1) * files;
    let here: Vec<Value> = all.into_iter().skip(number * files).take(files).collect();
    let Some(members) = manifest.as_object_mut() else { return };
    members.insert("output".to_owned(), here.into());
    if number > 0 {
        members.insert("deleted".to_owned(), json!([]));
    }
    if more {
        let url = format!("{origin}{}?{PAGE}={}", uri.path(), number + 1);
        members.insert("link".to_owned(), json!([{"relation": "next", "url": url}]));
    }
}

/// The manifest with all its output in files of mixed types, as where it is organised by patient: without a type.
pub(super) fn mix(manifest: &mut Value, files: u64) {
    let Some(members) = manifest.as_object_mut() else { return };
    let output = members.get("output").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(first) = output.first().and_then(|file| file.get("url")?.as_str()) else { return };
    let Some((folder, _)) = first.rsplit_once('/') else { return };
    let names: Vec<&str> = output.iter().filter_map(|file| file.get("type")?.as_str()).collect();
    let mixed: Vec<Value> = (0..files.max(1))
        .map(|number| json!({"url": format!("{folder}/{MIXED}{number}-of-{}.ndjson?{}", files.max(1), names.join("."))}))
        .collect();
    members.insert("outputOrganizedBy".to_owned(), json!("Patient"));
    members.insert("output".to_owned(), mixed.into());
}

/// Whether a path is that of a file of mixed types.
pub(super) fn is_mixed(path: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(_, name)| name.starts_with(MIXED))
}

/// A request without its body.
pub(super) struct Head {
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
}

impl Head {
    pub(super) fn of(request: &Request) -> Self {
        Self { uri: request.uri().clone(), headers: request.headers().clone(), extensions: request.extensions().clone() }
    }
}

/// The body of a file of mixed types, where the request is for one: every so many lines of each file, all types one after the other
/// again and again.
pub(super) async fn mixed_file(request: Head, next: &Next) -> Option<Body> {
    let path = request.uri.path();
    let (folder, name) = path.rsplit_once('/')?;
    let (number, of) = name.strip_prefix(MIXED)?.strip_suffix(".ndjson")?.split_once("-of-")?;
    let (number, of): (usize, usize) = (number.parse().ok()?, of.parse().ok()?);
    let mut files: Vec<Vec<String>> = Vec::new();
    for kind in request.uri.query()?.split('.') {
        let mut one = Request::builder().uri(format!("{folder}/{kind}.ndjson")).body(Body::empty()).ok()?;
        *one.headers_mut() = request.headers.clone();
        *one.extensions_mut() = request.extensions.clone();
        let answer = next.clone().run(one).await;
        if !answer.status().is_success() {
            return None;
        }
        let text = String::from_utf8(whole(answer.into_body()).await.to_vec()).ok()?;
        files.push(text.lines().enumerate().filter(|(line, _)| line % of.max(1) == number).map(|(_, line)| line.to_owned()).collect());
    }
    let longest = files.iter().map(Vec::len).max().unwrap_or_default();
    let mut text = String::new();
    for at in 0..longest {
        for line in files.iter().filter_map(|file| file.get(at)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    Some(Body::from(Bytes::from(text)))
}
