//! One program over memory, files, Redis and memcached: only the URL of the store differs.
//!
//! It renders Markdown files of this workspace, and then a second process does the same. Look at
//! the last column: what leaves the process is a hit there, and what stays in memory is not.
//!
//! `cargo run --example backends [URL..]`. Without URLs it starts the servers that are installed.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs, io};

use cached_runtime::{Config, cached, init};
use cached_tests::servers::{Memcached, Redis};
use pulldown_cmark::{Options, Parser, html};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PAGES: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"];

/// `shared`: entries are where the program says, which is `init` below. Nothing else tells.
#[cached(shared, timeout = "1h", handle)]
fn render(name: &str) -> io::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    let markdown = fs::read_to_string(path)?;
    let mut page = String::new();
    html::push_html(&mut page, Parser::new_ext(&markdown, Options::all()));
    Ok(page)
}

fn main() -> Result<()> {
    // A program has one configuration, so each line of the table is a process of its own.
    if let Ok(url) = env::var("BACKENDS_URL") {
        return use_store(&url);
    }
    println!("store                bytes   loads    hits       a hit     2nd process");
    println!("{}", "-".repeat(70));
    let urls: Vec<String> = env::args().skip(1).collect();
    if !urls.is_empty() {
        return urls.iter().try_for_each(|url| compare(url));
    }
    let directory = tempfile::tempdir()?;
    compare("memory:")?;
    compare(&format!("file://{}", directory.path().display()))?;
    if is_installed("redis-server") {
        let redis = Redis::start(); // Stopped where it is dropped.
        compare(&redis.url())?;
        compare(&format!("tiered+{}?prefix=tiered", redis.url()))?; // Memory in front of it.
    }
    if is_installed("memcached") {
        compare(&Memcached::start().url())?;
    }
    Ok(())
}

/// Prints what two processes, one after the other, find in a store.
fn compare(url: &str) -> Result<()> {
    let run = || -> Result<Vec<String>> {
        let mut program = Command::new(env::current_exe()?);
        let output = program.env("BACKENDS_URL", url).stderr(Stdio::inherit()).output()?;
        Ok(String::from_utf8(output.stdout)?.split_whitespace().map(str::to_owned).collect())
    };
    let (first, second) = (run()?, run()?);
    let [bytes, loads, hits, micros] = &first[..] else { return Err(url.into()) };
    let [bytes_again, _, hits_again, _] = &second[..] else { return Err(url.into()) };
    assert_eq!(bytes, bytes_again, "every store gives the same pages");
    let store = url.split(':').next().unwrap_or(url);
    println!("{store:<18}{bytes:>8}{loads:>8}{hits:>8}{micros:>9} µs{hits_again:>11} hits");
    Ok(())
}

/// The program: renders every page twice, and one many times.
fn use_store(url: &str) -> Result<()> {
    init(Config::from_url(url)?)?; // `?require=true` makes a store that does not answer an error.
    let render_all = || PAGES.iter().map(|name| Ok(render(name)?.len())).sum::<io::Result<usize>>();
    let bytes = render_all()?;
    assert_eq!(render_all()?, bytes, "a hit gives what the load gave");
    let stats = render::cache().stats();
    if stats.store_errors > 0 {
        return Err("the store does not answer; the program works, and shares nothing".into());
    }
    let time = |_| {
        let start = Instant::now();
        render(PAGES[0]).map(|_| start.elapsed())
    };
    let mut times = (0..51).map(time).collect::<io::Result<Vec<_>>>()?;
    times.sort();
    let micros = times[times.len() / 2].as_secs_f64() * 1e6;
    println!("{bytes} {} {} {micros:.1}", stats.loads, stats.hits);
    Ok(())
}

/// Whether a program can be run; says so where it cannot.
fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.inspect_err(|_| println!("{program} is not installed: it has no line")).is_ok()
}
