//! Where a search goes on. Most servers give a `next` link. Some give none and page by an offset that the client counts; which parameter
//! they go by is found by trying. The place travels as one text: a URL, and in its fragment, which is never sent, what else is to be known.

use std::collections::BTreeMap;

use url::Url;
use url::form_urlencoded::Serializer;

/// The ways to ask for a later page without a link, in the order in which they are tried.
pub(super) const WAYS: [Way; 5] =
    [Way::Entries("_offset"), Way::Pages("_page"), Way::Entries("_skip"), Way::Pages("page"), Way::Entries("offset")];

/// A parameter by which a server pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It counts entries, from 0.
    Entries(&'static str),
    /// It counts pages, from 1.
    Pages(&'static str),
}

/// Where a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// What is asked for, without a fragment.
    pub(super) url: Url,
    /// Which of the searches a type needs this is.
    pub(super) search: usize,
    /// The server refused to be searched without more parameters.
    pub(super) refused: bool,
    /// Set where the page is counted by us.
    pub(super) count: Option<Count>,
}

/// A page counted by us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// Which of [`WAYS`].
    pub(super) way: usize,
    /// Entries before the one that is expected first.
    pub(super) before: u64,
    /// Entries read so far, those read again left out.
    pub(super) read: u64,
    /// Pages before this one.
    pub(super) pages: u64,
    /// The id that is to come first: that of the last entry of the page before, which is asked for again. Where another comes, the list
    /// has moved. Empty after a page of one entry, of which none can be asked for again.
    pub(super) expected: String,
    /// The first id of the page before. A server that knows nothing of the parameter sends that page again.
    pub(super) first: String,
    /// How often the list has moved.
    pub(super) moved: u32,
    /// The list has moved: whatever comes is taken.
    pub(super) blind: bool,
}

impl Place {
    pub(super) fn new(url: Url, search: usize, refused: bool) -> Self {
        Self { url, search, refused, count: None }
    }

    /// As a text that [`Place::read`] understands.
    pub(super) fn written(&self) -> String {
        let mut fragment = Serializer::new(String::new());
        if self.search > 0 {
            fragment.append_pair("search", &self.search.to_string());
        }
        if self.refused {
            fragment.append_pair("refused", "true");
        }
        if let Some(count) = &self.count {
            for (name, value) in [
                ("way", count.way.to_string()),
                ("before", count.before.to_string()),
                ("read", count.read.to_string()),
                ("pages", count.pages.to_string()),
                ("expected", count.expected.clone()),
                ("first", count.first.clone()),
                ("moved", count.moved.to_string()),
                ("blind", count.blind.to_string()),
            ] {
                fragment.append_pair(name, &value);
            }
        }
        let fragment = fragment.finish();
        let mut url = self.url.clone();
        url.set_fragment((!fragment.is_empty()).then_some(&fragment));
        url.into()
    }

    /// A place from its text, once that is known to be a URL.
    pub(super) fn read(mut url: Url) -> Self {
        let said: BTreeMap<String, String> =
            url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes()).into_owned().collect();
        url.set_fragment(None);
        let number = |name: &str| said.get(name).and_then(|it| it.parse::<u64>().ok());
        let word = |name: &str| said.get(name).cloned().unwrap_or_default();
        let count = number("way").map(|way| Count {
            way: usize::try_from(way).unwrap_or(usize::MAX),
            before: number("before").unwrap_or_default(),
            read: number("read").unwrap_or_default(),
            pages: number("pages").unwrap_or_default(),
            expected: word("expected"),
            first: word("first"),
            moved: number("moved").and_then(|it| u32::try_from(it).ok()).unwrap_or_default(),
            blind: said.get("blind").is_some_and(|it| it == "true"),
        });
        Self {
            url,
            search: number("search").and_then(|it| usize::try_from(it).ok()).unwrap_or_default(),
            refused: said.contains_key("refused"),
            count,
        }
    }

    /// What is sent; `None` where no way is left to try.
    pub(super) fn request(&self) -> Option<Url> {
        let mut url = self.url.clone();
        if let Some(count) = &self.count {
            let (name, value) = match WAYS.get(count.way)? {
                Way::Entries(name) => (*name, count.before),
                Way::Pages(name) => (*name, count.pages + 1),
            };
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        Some(url)
    }
}

/// What a page counted by us turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on; so many entries of it are known already.
    Goes(usize),
    /// Nothing comes after the page before.
    End,
    /// The server does not go by this parameter.
    Ignored,
    /// Entries came or went before this page: some may have been passed over.
    Moved,
}

impl Count {
    /// Judges a page by the ids on it, and by how many there are in all where the server says.
    pub(super) fn judge(&self, ids: &[String], total: Option<u64>) -> Verdict {
        let Some(first) = ids.first() else {
            let said_more = total.is_some_and(|it| it > self.read);
            // A server may take a parameter it does not know for a filter that nothing passes.
            return if self.pages == 1 && said_more { Verdict::Ignored } else { Verdict::End };
        };
        if self.blind {
            return Verdict::Goes(0);
        }
        if self.expected.is_empty() {
            return if *first == self.first { Verdict::Ignored } else { Verdict::Goes(0) };
        }
        match WAYS.get(self.way) {
            Some(Way::Entries(_)) if *first == self.expected => Verdict::Goes(1),
            _ if *first == self.first && self.first != self.expected => Verdict::Ignored,
            Some(Way::Entries(_)) => match ids.iter().position(|it| *it == self.expected) {
                Some(at) => Verdict::Goes(at + 1),
                None => Verdict::Moved,
            },
            Some(Way::Pages(_)) if ids.contains(&self.expected) => Verdict::Ignored,
            Some(Way::Pages(_)) => Verdict::Goes(0),
            None => Verdict::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(way: usize) -> Count {
        Count { way, before: 1, read: 2, pages: 1, expected: "b".into(), first: "a".into(), moved: 0, blind: false }
    }

    fn ids(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_place_reads_back_and_its_fragment_is_never_sent() {
        let url: Url = "https://h.example/r4/Patient?_count=2".parse().unwrap();
        let place = Place { url: url.clone(), search: 3, refused: true, count: Some(count(0)) };
        assert_eq!(Place::read(place.written().parse().unwrap()), place);
        assert_eq!(place.request().unwrap().as_str(), "https://h.example/r4/Patient?_count=2&_offset=1");
        assert_eq!(Place::new(url.clone(), 0, false).written(), url.as_str());
    }

    #[test]
    fn a_page_by_offset_begins_with_the_end_of_the_page_before() {
        assert_eq!(count(0).judge(&ids("b c d"), None), Verdict::Goes(1));
        assert_eq!(count(0).judge(&ids("x b c"), None), Verdict::Goes(2), "one came in before");
        assert_eq!(count(0).judge(&ids("c d"), None), Verdict::Moved, "one went away before");
        assert_eq!(count(0).judge(&ids("b"), Some(2)), Verdict::Goes(1));
    }

    #[test]
    fn a_parameter_without_effect_is_told() {
        assert_eq!(count(0).judge(&ids("a b"), None), Verdict::Ignored, "the same page again");
        assert_eq!(count(0).judge(&[], Some(9)), Verdict::Ignored, "a filter that nothing passes");
        assert_eq!(count(0).judge(&[], Some(2)), Verdict::End);
        assert_eq!(count(1).judge(&ids("c d"), None), Verdict::Goes(0), "pages do not overlap");
        assert_eq!(count(1).judge(&ids("a b"), None), Verdict::Ignored);
    }
}
