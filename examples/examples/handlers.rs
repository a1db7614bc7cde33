//! A view with its path and its query in the key: `?b=2&a=1` and `?a=1&b=2` are one page.
//!
//! The view searches the Markdown files of this workspace.

use std::path::Path;
use std::{fs, io};

use cached_runtime::cached;

/// What a web framework hands to a view.
struct Request {
    method: &'static str,
    path: String,
    query: Vec<(String, String)>,
}

impl Request {
    fn new(method: &'static str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(name, value)| (name.into(), value.into())).collect();
        Self { method, path: path.into(), query }
    }

    fn param(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// The documents that the view searches: a part of the application that no key needs.
struct Documents(Vec<(&'static str, String)>);

impl Documents {
    fn open() -> io::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let names = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];
        let read = |name| Ok((name, fs::read_to_string(root.join(name))?));
        names.into_iter().map(read).collect::<io::Result<_>>().map(Self)
    }
}

/// The path, and the query sorted by name. The sort is stable: of a name that comes twice, the
/// order counts. A value rather than a text, so there is nothing to escape.
fn page_key(request: &Request) -> (String, Vec<(String, String)>) {
    let mut query = request.query.clone();
    query.sort_by(|(one, _), (other, _)| one.cmp(other));
    (request.path.clone(), query)
}

#[cached(timeout = "1m", key = page_key, skip(documents), unless = request.method != "GET", handle)]
fn search(request: &Request, documents: &Documents) -> Result<String, &'static str> {
    let (word, within) = (request.param("word"), request.param("in"));
    if word.is_empty() {
        return Err("400: say which word");
    }
    let chosen = documents.0.iter().filter(|(name, _)| name.contains(within));
    let counts = chosen.map(|(name, text)| format!("{name} {}", text.matches(word).count()));
    Ok(format!("200: {}", counts.collect::<Vec<_>>().join(", ")))
}

fn main() -> io::Result<()> {
    let documents = Documents::open()?;
    let serve = |method, target: &str, expected| {
        let before = search::cache().stats();
        let answer = search(&Request::new(method, target), &documents);
        let after = search::cache().stats();
        let outcome = match (after.hits - before.hits, after.bypasses - before.bypasses) {
            (1, 0) => "hit",
            (0, 1) => "bypass",
            _ => "miss",
        };
        let text = answer.unwrap_or_else(str::to_owned);
        println!("{method:<5}{target:<34}{outcome:<8}{text}");
        assert_eq!(outcome, expected, "{method} {target}");
    };

    println!("{:<5}{:<34}{:<8}answer\n{}", "", "request", "cache", "-".repeat(88));
    serve("GET", "/search?word=cached&in=README", "miss");
    serve("GET", "/search?in=README&word=cached", "hit"); // the same page
    serve("GET", "/search?in=CHANGELOG&word=cached", "miss"); // another value
    serve("GET", "/search?word=cached", "miss"); // another query
    serve("GET", "/find?word=cached&in=README", "miss"); // another path
    serve("GET", "/search?in=README", "miss"); // an `Err` is answered,
    serve("GET", "/search?in=README", "miss"); // and not stored
    serve("POST", "/search?word=cached&in=README", "bypass"); // neither read nor stored

    let stats = search::cache().stats();
    println!("\n{} pages stored, {} hit, {} loads", stats.entries, stats.hits, stats.loads);
    assert_eq!((stats.entries, stats.hits, stats.loads), (4, 1, 7));
    Ok(())
}
