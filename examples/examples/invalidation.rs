//! Every way to end an entry, over notes in files; also in the middle of a load.

use std::path::PathBuf;
use std::{env, fs, io, process};

use cached_runtime::{cached, invalidates};

fn folder() -> PathBuf {
    env::temp_dir().join(format!("notes-{}", process::id()))
}

/// `meanwhile` stands for whatever happens elsewhere after the file was read.
#[cached(timeout = never, key = "note:{name}", skip(meanwhile), handle)]
fn read(name: &str, meanwhile: fn()) -> io::Result<String> {
    let text = fs::read_to_string(folder().join(name));
    meanwhile();
    text
}

/// Drops the entry of the note it wrote. A write that fails drops nothing.
#[invalidates(read::entry(name))]
fn write(name: &str, text: &str) -> io::Result<()> {
    fs::write(folder().join(name), text)
}

/// Drops everything, before it begins and once it has succeeded.
#[invalidates(before, read::cache())]
fn write_all(text: &str) -> io::Result<()> {
    for note in fs::read_dir(folder())? {
        fs::write(note?.path(), text)?;
    }
    Ok(())
}

/// Reads a note and shows what came of it.
fn show(what: &str, name: &str, loads: u64, expected: &str) -> io::Result<()> {
    let before = read::cache().stats().loads;
    let text = read(name, || {})?;
    let after = read::cache().stats().loads;
    println!("{what:<54}{:<6}{text}", if after > before { "load" } else { "hit" });
    assert_eq!((text.as_str(), after - before), (expected, loads), "{what}");
    Ok(())
}

fn notes() -> io::Result<()> {
    write("today", "rain")?;
    show("at first", "today", 1, "rain")?;
    show("again", "today", 0, "rain")?;

    fs::write(folder().join("today"), "sun")?;
    show("the file changed, and nobody said so", "today", 0, "rain")?;
    assert!(read::entry("today").invalidate(), "there was an entry");
    assert!(!read::entry("today").invalidate(), "now there is none");
    show("entry(..).invalidate()", "today", 1, "sun")?;

    read::entry("today").expire();
    show("entry(..).expire()", "today", 1, "sun")?;

    read::entry("today").put(Ok("snow".into()));
    show("entry(..).put(Ok(..))", "today", 0, "snow")?;
    read::entry("today").put(Err(io::ErrorKind::NotFound.into()));
    show("entry(..).put(Err(..)) stores nothing", "today", 0, "snow")?;

    write("today", "wind")?;
    show("#[invalidates(read::entry(name))]", "today", 1, "wind")?;
    write("no/such/folder", "fog").expect_err("there is no such folder");
    show("the same, where the write failed", "today", 0, "wind")?;

    write_all("haze")?;
    show("#[invalidates(before, read::cache())]", "today", 1, "haze")?;
    read::cache().clear();
    show("cache().clear()", "today", 1, "haze")?;

    // The load below has read "haze" when the note is written.
    read::cache().clear();
    let overtaken = read("today", || write("today", "frost").expect("the folder is there"))?;
    println!(
        "{:<54}{:<6}{overtaken}",
        "a write during a load: who loads gets what it read", "load"
    );
    assert_eq!(overtaken, "haze");
    show("and the next call what was written", "today", 1, "frost")
}

fn main() -> io::Result<()> {
    fs::create_dir_all(folder())?;
    println!("{:<54}{:<6}note\n{}", "", "", "-".repeat(66));
    let result = notes();
    fs::remove_dir_all(folder())?;
    result
}
