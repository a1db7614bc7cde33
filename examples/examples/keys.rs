//! The forms of a key, and what each looks like.

use std::fmt::Display;

use cached_runtime::cached;

/// A query for books by a reader, as a shop's page gets it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Search {
    author: String,
    page: u32,
}

/// Every argument is in the key. Compared as they are, references with their owned form.
#[cached(handle)]
fn by_arguments(author: &str, shelf: Option<&str>, page: u32) -> String {
    format!("{author}, {shelf:?}, page {page}")
}

/// A template: its own text as it stands, arguments escaped.
#[cached(handle, key = "books:{author}:{shelf}:{page:03}")]
fn by_template(author: &str, shelf: Option<&str>, page: u32) -> String {
    format!("{author}, {shelf:?}, page {page}")
}

/// Fields and methods in a template, and braces.
#[cached(handle, key = "{{v2}} {search.author.trim()}/{search.page}")]
fn by_fields(search: &Search) -> String {
    format!("{}, page {}", search.author.trim(), search.page)
}

/// Expressions over the arguments.
#[cached(handle, key = (search.author.len(), search.page / 10))]
fn by_expressions(search: &Search) -> String {
    format!("{} letters, pages from {}", search.author.len(), search.page / 10 * 10)
}

/// A callable gets every unskipped argument by reference. Text is the key as it stands.
#[cached(handle, key = shouted)]
fn by_callable(author: &str) -> String {
    author.trim().to_uppercase()
}

/// Two spellings of one name are one author. An empty text names nothing: such a call bypasses
/// the cache.
fn shouted(author: &str) -> String {
    author.trim().to_uppercase()
}

/// What cannot change the result stays out of the key.
#[cached(handle, key = "author:{author}", skip(trace_id))]
fn with_skip(author: &str, trace_id: u64) -> String {
    println!("{:<44}the body runs, in trace {trace_id}", "");
    author.to_lowercase()
}

fn show(call: &str, key: impl Display) {
    println!("{call:<44}{key}");
}

fn main() {
    println!("{:<44}key\n{}", "call", "-".repeat(84));
    let search = Search { author: " Lem ".into(), page: 7 };

    let entry = by_arguments::entry("Le Guin", None, 1);
    show("by_arguments(\"Le Guin\", None, 1)", format!("{}  (its hash)", entry.key()));
    for other in [("Le Guin", Some("None"), 1), ("Le Guin", Some(""), 1), ("Le Guin", None, 2)] {
        assert_ne!(by_arguments::entry(other.0, other.1, other.2).key(), entry.key());
    }

    let template = |author, shelf, page, expected| {
        let entry = by_template::entry(author, shelf, page);
        show(&format!("by_template({author:?}, {shelf:?}, {page})"), entry.key());
        assert_eq!(entry.key(), expected);
    };
    template("Le Guin", Some("SF"), 1, "books:Le%20Guin:SF:001");
    template("a:b", Some("c"), 1, "books:a%3Ab:c:001");
    template("a", Some("b:c"), 1, "books:a:b%3Ac:001");
    template("a", Some("None"), 1, "books:a:None:001");
    template("a", None, 1, "books:a:%-:001");

    show("by_fields(&search)", by_fields::entry(&search).key());
    assert_eq!(by_fields::entry(&search).key(), "{v2} Lem/7");

    show("by_expressions(&search)", by_expressions::entry(&search).key());
    let near = Search { page: 9, ..search.clone() };
    assert_eq!(by_expressions(&search), by_expressions(&near));
    assert_eq!(by_expressions::cache().stats().hits, 1, "pages 7 and 9 share an entry");

    show("by_callable(\" Lem \")", by_callable::entry(" Lem ").key());
    show("by_callable(\"  \")", format!("{:?}  (names nothing)", by_callable::entry("  ").key()));
    assert_eq!([by_callable(" Lem "), by_callable("lem"), by_callable("  ")], ["LEM", "LEM", ""]);
    let stats = by_callable::cache().stats();
    assert_eq!((stats.hits, stats.misses, stats.bypasses), (1, 1, 1));

    show("with_skip(\"Lem\", 11)", with_skip::entry("Lem").key());
    assert_eq!(with_skip("Lem", 11), with_skip("Lem", 12));
    assert_eq!(with_skip::cache().stats().loads, 1, "the trace is no part of the key");
}
