//! The attribute on methods: every type, and every instantiation, has entries of its own.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

use cached_runtime::{cached, registry};

/// A folder, and which of its files count.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Folder {
    path: PathBuf,
    extension: &'static str,
}

impl Folder {
    /// All of `self` is in the key, compared by `Eq`.
    #[cached]
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            files.push(entry?.path());
        }
        files.retain(|path| path.extension().is_some_and(|found| found == self.extension));
        Ok(files)
    }

    /// Here one field identifies `self`.
    #[cached(key = (&self.path, name), handle(impl))]
    fn text(&self, name: &str) -> io::Result<String> {
        fs::read_to_string(self.path.join(name))
    }
}

struct Numbers<T>(PhantomData<T>);

impl<T: FromStr + Clone + Send + Sync + 'static> Numbers<T> {
    /// Without `self`, in a generic impl: `Numbers<u8>` and `Numbers<f64>` share no entry, though
    /// nothing in the signature tells them apart.
    #[cached]
    fn read(text: &str) -> Vec<T> {
        let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
        words.filter_map(|word| word.parse().ok()).collect()
    }
}

/// Something to be counted in a text.
trait Unit {
    fn count(text: &str) -> usize;
}

struct Lines;
struct Words;

impl Unit for Lines {
    #[cached]
    fn count(text: &str) -> usize {
        text.lines().count()
    }
}

impl Unit for Words {
    #[cached]
    fn count(text: &str) -> usize {
        text.split_whitespace().count()
    }
}

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = Folder { path: here.to_path_buf(), extension: "toml" };
    let workspace = Folder { path: here.join(".."), extension: "toml" };

    // Twice, so that each cache has misses and hits.
    for _ in 0..2 {
        assert!(examples.files()?.len() < workspace.files()?.len());
        assert_ne!(examples.text("Cargo.toml")?, workspace.text("Cargo.toml")?, "two folders");
        let manifest = workspace.text("Cargo.toml")?;
        assert!(Numbers::<u8>::read(&manifest).len() < Numbers::<f64>::read(&manifest).len());
        assert!(Lines::count(&manifest) < Words::count(&manifest));
    }

    println!("{:<46}{:>6}{:>8}{:>9}\n{}", "cache", "hits", "misses", "entries", "-".repeat(69));
    for cache in registry::all() {
        let stats = cache.stats();
        let name = cache.name().replace("methods::", "");
        println!("{name:<46}{:>6}{:>8}{:>9}", stats.hits, stats.misses, stats.entries);
        assert_eq!(stats.misses, stats.entries, "{name}");
    }
    assert_eq!(registry::all().len(), 6, "two instantiations of `read`, two impls of `count`");

    // The functions beside a method: `<method>_entry`, `<method>_cache`, ..
    assert!(Folder::text_entry(&examples, "Cargo.toml").invalidate());
    assert!(Folder::text_entry(&workspace, "Cargo.toml").peek().is_some());
    println!("\n`text` holds {} of its 2 entries", Folder::text_cache().len());
    Ok(())
}
