//! The manifest of a bulk export, read leniently (Bulk Data Access IG, "Response - Complete Status").

use gateway_domain::date::PartialDate;
use gateway_ports::ehr::{ExportFile, ExportManifest};
use serde::Deserialize;

use crate::mapping::lenient::{Many, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow)]
    transaction_time: Text<'a>,
    #[serde(borrow)]
    requires_access_token: Text<'a>,
    #[serde(borrow)]
    output: Option<Many<File<'a>>>,
    #[serde(borrow)]
    deleted: Many<File<'a>>,
    #[serde(borrow)]
    error: Many<File<'a>>,
    // The name of `error` in later editions.
    #[serde(borrow)]
    outcome: Many<File<'a>>,
    #[serde(borrow)]
    link: Many<Link<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File<'a> {
    #[serde(borrow)]
    r#type: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    count: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link<'a> {
    #[serde(borrow)]
    relation: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
}

/// A manifest, or a page of one.
pub(crate) struct ManifestPage {
    pub(crate) manifest: ExportManifest,
    pub(crate) next: Option<String>,
    /// Whether files want our token, as far as the pages up to this one say.
    pub(crate) with_token: Option<bool>,
}

/// Reads a manifest; `None` where the body says nothing about files yet. `said_before` is what the pages before said of the token.
pub(crate) fn read(body: &[u8], said_before: Option<bool>) -> Result<Option<ManifestPage>, String> {
    let body = body.trim_ascii_start().strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let document: Document<'_> = serde_json::from_slice(body).map_err(|_| "its manifest is no JSON".to_owned())?;
    let named = [&document.deleted, &document.error, &document.outcome].iter().any(|list| list.iter().next().is_some());
    let output = match document.output {
        Some(output) => output,
        // A page may list deletions alone, and a manifest of nothing may leave its list out.
        None if named || document.transaction_time.is_there() => Many::default(),
        None => return Ok(None),
    };
    let said = match document.requires_access_token.get() {
        Some(_) if document.requires_access_token.is("false") => Some(false),
        Some(_) => Some(true),
        None => said_before,
    };
    // Without a word about it a file at the server's own origin is asked for as everything there is.
    let with_token = said.unwrap_or(true);
    let files = |list: &Many<File<'_>>| {
        let one = |file: &File<'_>| {
            Some(ExportFile {
                url: file.url.owned()?,
                resource_type: file.r#type.owned(),
                count: file.count.get().and_then(|it| it.parse().ok()),
                with_token,
            })
        };
        list.iter().map(one).collect::<Option<Vec<_>>>().ok_or_else(|| "its manifest lists a file without a url".to_owned())
    };
    let mut errors = files(&document.error)?;
    errors.extend(files(&document.outcome)?);
    Ok(Some(ManifestPage {
        manifest: ExportManifest {
            transaction_time: document.transaction_time.get().and_then(PartialDate::parse).map(|it| it.first),
            files: files(&output)?,
            deleted: files(&document.deleted)?,
            errors,
        },
        next: document.link.iter().find(|it| it.relation.is("next")).and_then(|it| it.url.owned()),
        with_token: said,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_really_send_is_understood() {
        let page = read(
            br#"{"transactionTime":"2026-11-23 01:42:10","request":"../$export","requiresAccessToken":"true",
            "output":[{"type":"Patient","url":"f/1","count":"7"}],"deleted":null}"#,
            None,
        )
        .unwrap()
        .unwrap();
        assert_eq!(page.manifest.transaction_time, "2026-11-23T01:42:10Z".parse().ok());
        let file = page.manifest.files.first().unwrap();
        assert!(file.with_token && file.count == Some(7));
        assert!(page.manifest.errors.is_empty() && page.next.is_none());
    }

    #[test]
    fn the_token_stays_where_the_manifest_says_it_is_not_wanted() {
        let page = read(br#"{"requiresAccessToken":false,"output":[{"url":"https://s3.example.org/1"}]}"#, None).unwrap().unwrap();
        assert!(!page.manifest.files[0].with_token);
    }

    #[test]
    fn a_body_without_files_is_no_manifest_and_a_file_without_url_is_an_error() {
        assert!(read(br#"{"status":"in progress"}"#, None).unwrap().is_none());
        assert!(read(br#"{"output":[{"type":"Patient"}]}"#, None).is_err());
        assert!(read(b"<html>", None).is_err());
    }

    #[test]
    fn errors_have_two_names_and_a_later_page_keeps_what_the_first_said() {
        let page = read(br#"{"output":[{"url":"a"}],"outcome":[{"url":"o"}],"error":[{"url":"e"}]}"#, Some(false)).unwrap().unwrap();
        assert_eq!(page.manifest.errors.iter().map(|it| it.url.as_str()).collect::<Vec<_>>(), ["e", "o"]);
        assert!(page.manifest.files.iter().all(|it| !it.with_token));
    }
}
