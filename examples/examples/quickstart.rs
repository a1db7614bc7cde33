//! Renders the Markdown files of this workspace twice, through one cached function.
//!
//! The first run reads and renders each file; the second finds each page in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

use cached_runtime::cached;
use pulldown_cmark::{Options, Parser, html};

/// Renders a file. One that was edited has another key, so no page is ever out of date.
#[cached(timeout = never, handle)]
fn render(path: &Path, modified: SystemTime) -> io::Result<Arc<str>> {
    let markdown = fs::read_to_string(path)?;
    let mut page = String::new();
    html::push_html(&mut page, Parser::new_ext(&markdown, Options::all()));
    Ok(page.into())
}

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let files = markdown_files(&root)?;
    println!("Rendering {} Markdown files, each twice, through one cached function\n", files.len());
    row(["file", "bytes in", "bytes out", "first run", "cached run", "ratio"]);
    rule();

    let (mut bytes_in, mut bytes_out) = (0, 0);
    let (mut first_total, mut cached_total) = (Duration::ZERO, Duration::ZERO);
    for path in &files {
        let metadata = path.metadata()?;
        let (page, first) = timed(|| render(path, metadata.modified()?))?;
        let (again, cached) = timed(|| render(path, metadata.modified()?))?;
        assert!(Arc::ptr_eq(&page, &again), "the second run gives the very page of the first");

        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        figures(&name, metadata.len(), page.len() as u64, first, cached);
        (bytes_in, bytes_out) = (bytes_in + metadata.len(), bytes_out + page.len() as u64);
        (first_total, cached_total) = (first_total + first, cached_total + cached);
    }
    rule();
    figures("all", bytes_in, bytes_out, first_total, cached_total);

    let stats = render::cache().stats();
    println!("\n{:<16}{:>8}{:>8}{:>8}{:>10}", "cache", "hits", "misses", "loads", "entries");
    println!("{}", "-".repeat(50));
    let (hits, misses) = (stats.hits, stats.misses);
    println!("{:<16}{hits:>8}{misses:>8}{:>8}{:>10}", "render", stats.loads, stats.entries);

    let count = files.len() as u64;
    assert_eq!((hits, misses, stats.loads, stats.entries), (count, count, count, count));
    Ok(())
}

/// The Markdown files below a folder, without build output and hidden folders.
fn markdown_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files.extend(markdown_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn timed<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<(T, Duration)> {
    let start = Instant::now();
    Ok((run()?, start.elapsed()))
}

fn figures(name: &str, bytes_in: u64, bytes_out: u64, first: Duration, cached: Duration) {
    let micros = |time: Duration| format!("{:.1} µs", time.as_secs_f64() * 1e6);
    let ratio = format!("{:.0} x", first.as_secs_f64() / cached.as_secs_f64());
    let (bytes_in, bytes_out) = (bytes_in.to_string(), bytes_out.to_string());
    row([name, &bytes_in, &bytes_out, &micros(first), &micros(cached), &ratio]);
}

fn row([name, columns @ ..]: [&str; 6]) {
    let [bytes_in, bytes_out, first, cached, ratio] = columns;
    println!("{name:<36}{bytes_in:>10}{bytes_out:>11}{first:>13}{cached:>12}{ratio:>10}");
}

fn rule() {
    println!("{}", "-".repeat(92));
}
