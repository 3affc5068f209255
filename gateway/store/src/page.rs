//! Pieces of long lists, their order, and what they are narrowed to.

use gateway_ports::store::PageRequest;

use crate::database::Value;

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

/// The condition that these columns have these values, where there is one, and the values in the order of their numbers.
pub(crate) fn equal<const N: usize>(columns: [(&str, Option<Value>); N]) -> (String, Vec<Value>) {
    let mut conditions = vec!["1 = 1".to_owned()];
    let mut values = Vec::new();
    for (column, value) in columns {
        if let Some(value) = value {
            values.push(value);
            conditions.push(format!("{column} = ${}", values.len()));
        }
    }
    (conditions.join(" AND "), values)
}
