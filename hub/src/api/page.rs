//! Lists in pages: `limit` and `after` in, `items` and `next` out.

use tanqiao_protocol::view::Page;

use super::answer::Refused;

/// Items of a page when nobody says otherwise.
const LIMIT_DEFAULT: usize = 100;
/// The most items of a page.
pub const LIMIT_MAX: usize = 1_000;

/// The number of items that was asked for.
///
/// # Errors
/// 400 for 0 or more than 1,000.
pub fn limit(asked: Option<usize>) -> Result<usize, Refused> {
    match asked {
        None => Ok(LIMIT_DEFAULT),
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Refused::parameter(
            "limit",
            format!("`limit` must be 1 to {LIMIT_MAX}."),
        )),
    }
}

/// A page of at most `limit` of these items, of which one more than that was fetched; `key` says where an item stands.
pub fn cut<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(key) } else { None };
    Page { items, next }
}

/// All items, on one page.
pub const fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}
