//! Pieces of long lists.

use gateway_ports::store::PageRequest;

/// Rows a page may have, whatever is asked for.
const MOST: u32 = 500;

/// `LIMIT` and `OFFSET` of a page.
pub(crate) fn limit(page: PageRequest) -> i64 {
    i64::from(page.limit.clamp(1, MOST))
}

pub(crate) fn offset(page: PageRequest) -> i64 {
    i64::try_from(page.offset).unwrap_or(i64::MAX)
}
