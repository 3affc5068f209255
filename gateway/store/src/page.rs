//! Pieces of long lists, and their order.

use gateway_ports::store::PageRequest;

/// Characters of a name that lists are sorted by; an index takes no endless ones.
const SORTED_BY: usize = 200;

/// What a list sorts a name by.
pub(crate) fn sort_key(name: &str) -> String {
    name.chars().take(SORTED_BY).flat_map(char::to_lowercase).collect()
}

/// Rows a page may have, whatever is asked for.
const MOST: u32 = 500;

/// `LIMIT` and `OFFSET` of a page.
pub(crate) fn limit(page: PageRequest) -> i64 {
    i64::from(page.limit.clamp(1, MOST))
}

pub(crate) fn offset(page: PageRequest) -> i64 {
    i64::try_from(page.offset).unwrap_or(i64::MAX)
}
