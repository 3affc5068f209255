//! A Bundle, whoever sends it and whatever for, read leniently; the resources in it stay raw.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::mapping::lenient::{Many, One, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Bundle<'a> {
    #[serde(borrow)]
    pub(crate) resource_type: Text<'a>,
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) r#type: Text<'a>,
    #[serde(borrow)]
    pub(crate) total: Text<'a>,
    #[serde(borrow)]
    pub(crate) link: Many<Link<'a>>,
    #[serde(borrow)]
    pub(crate) entry: Many<Entry<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Link<'a> {
    #[serde(borrow)]
    pub(crate) relation: Text<'a>,
    #[serde(borrow)]
    pub(crate) url: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) full_url: Text<'a>,
    #[serde(borrow)]
    pub(crate) resource: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) search: One<Search<'a>>,
    #[serde(borrow)]
    pub(crate) request: One<Request<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search<'a> {
    #[serde(borrow)]
    pub(crate) mode: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Request<'a> {
    #[serde(borrow)]
    pub(crate) method: Text<'a>,
    #[serde(borrow)]
    pub(crate) url: Text<'a>,
}

/// What tells which resource it is, and whether all of it is there.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Head<'a> {
    #[serde(borrow)]
    pub(crate) resource_type: Text<'a>,
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    meta: One<Meta<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    tag: Many<Tag<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tag<'a> {
    #[serde(borrow)]
    code: Text<'a>,
}

impl Head<'_> {
    /// Whether the resource came only in part.
    pub(crate) fn is_subsetted(&self) -> bool {
        self.meta.get().is_some_and(|it| it.tag.iter().any(|tag| tag.code.is("SUBSETTED")))
    }
}

impl Entry<'_> {
    /// The head of its resource; empty where it has none or none that can be read.
    pub(crate) fn head(&self) -> Head<'_> {
        self.resource.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// How it came about, where that is said.
    pub(crate) fn method(&self) -> Option<&str> {
        self.request.get().and_then(|it| it.method.get())
    }

    /// Where its resource is, in the words of its request and of its full URL.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.request.get().and_then(|it| it.url.get()).into_iter().chain(self.full_url.get())
    }
}
