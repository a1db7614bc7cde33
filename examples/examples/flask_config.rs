//! The environment that a Flask-Caching application has, read as it is.
//!
//! `CACHE_TYPE=filesystem CACHE_DIR=./cache cargo run --example flask_config` shows what came of
//! the variables. Without any, three settings are shown: look at the hits of the second process,
//! and that numbers of 2^63 / 10 mean "for ever" and "no bound" as they do there.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

use cached_runtime::{Config, cached, init};

const SETTINGS: [&[(&str, &str)]; 3] = [
    &[("CACHE_TYPE", "null")],
    &[("CACHE_TYPE", "SimpleCache"), ("CACHE_DEFAULT_TIMEOUT", "60"), ("CACHE_THRESHOLD", "500")],
    &[
        ("CACHE_TYPE", "filesystem"),
        ("CACHE_DIR", "./flask_cache"),
        ("CACHE_DEFAULT_TIMEOUT", "922337203685477580"),
        ("CACHE_THRESHOLD", "922337203685477580"),
    ],
];

/// How often each of the words in a file comes, most frequent first. Without a timeout of its own,
/// so `CACHE_DEFAULT_TIMEOUT` holds.
#[cached(shared, handle)]
fn words(name: &str) -> io::Result<Vec<(String, usize)>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name))?;
    let mut counts = std::collections::BTreeMap::<_, usize>::new();
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 3) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts)
}

fn main() -> Result<(), Box<dyn Error>> {
    // Of the variables that begin so, those of others are not looked at.
    if env::vars().any(|(name, _)| name.starts_with("CACHE_")) {
        return report();
    }
    let directory = tempfile::tempdir()?;
    for settings in SETTINGS {
        let shown: Vec<_> =
            settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        println!("{}", shown.join(" "));
        for process in ["first", "second"] {
            // Relative paths are of the directory that the program runs in: here, one to throw away.
            let mut command = Command::new(env::current_exe()?);
            command.envs(settings.iter().copied()).current_dir(directory.path());
            let output = command.output()?;
            let complaint = String::from_utf8_lossy(&output.stderr);
            output.status.success().then_some(()).ok_or(complaint)?;
            print!("    {process:<8}{}", String::from_utf8(output.stdout)?);
        }
    }
    // A mistake is an error that names the variable, and says what to write.
    let mistaken = [("CACHE_TYPE", "redis"), ("CACHE_TRESHOLD", "500")];
    let mistaken = mistaken.map(|(name, value)| (name.to_owned(), value.to_owned()));
    println!(
        "CACHE_TYPE=redis CACHE_TRESHOLD=500\n    {}",
        Config::from_vars(mistaken).unwrap_err()
    );
    Ok(())
}

/// Reads the environment, and calls the function twice for each of two files.
fn report() -> Result<(), Box<dyn Error>> {
    init(Config::from_env()?)?;
    for name in ["README.md", "ARCHITECTURE.md", "README.md", "ARCHITECTURE.md"] {
        assert!(words(name)?.len() > 100, "a file of many words");
    }
    let stats = words::cache().stats();
    println!(
        "process: {} hits, {} loads, {} errors of the store, {} entries in memory",
        stats.hits, stats.loads, stats.store_errors, stats.entries
    );
    Ok(())
}
