//! What visitors ask for: a list of items, of 2 kB or of 40 kB.
//!
//! A page is written anew on each run of a handler and asks no database: what a cache saves at least.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

/// Different pages that visitors ask for.
pub const PAGES: u32 = 256;

/// How many pages handlers have written, whoever they are.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// How long a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 2 kB.
    Small,
    /// 40 kB.
    Large,
}

impl Size {
    /// The target of a request for page `number`.
    #[must_use]
    pub fn target(self, number: u32) -> String {
        let name = match self {
            Self::Small => "small",
            Self::Large => "large",
        };
        format!("/{name}?page={}&sort=name", number % PAGES)
    }

    fn rows(self) -> u32 {
        match self {
            Self::Small => 22,
            Self::Large => 470,
        }
    }
}

/// The query.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Its number.
    pub page: u32,
    /// What its rows are sorted by.
    pub sort: String,
}

/// Writes a page.
#[must_use]
pub fn write(size: Size, page: u32, sort: &str) -> String {
    WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut text = String::with_capacity(size.rows() as usize * 96 + 128);
    let _ = writeln!(text, "<!doctype html><title>Items, page {page}</title><table class={sort}>");
    for row in 0..size.rows() {
        let id = page * 1_000 + row;
        let _ = writeln!(
            text,
            "<tr><td><a href=\"/items/{id}\">Item {id:05}</a></td><td>{}.{:02} EUR</td></tr>",
            id % 97,
            id % 89,
        );
    }
    text.push_str("</table>\n");
    text
}

/// How many pages handlers have written so far.
#[must_use]
pub fn written() -> u64 {
    WRITTEN.load(Ordering::Relaxed)
}
