//! Keys as stores see them: short, and of harmless characters.
//!
//! A key that is neither becomes a readable beginning and a 128-bit hash. The full key is in the
//! envelope and compared there, so two keys of one hash would be misses, never one another's value.

use std::fmt::Write as _;

use xxhash_rust::xxh3::xxh3_128;

/// The longest key that a store is given.
const LONGEST: usize = 200;

/// Characters of a hashed key that are kept readable.
const READABLE: usize = 120;

/// The store's key of an entry.
pub(crate) fn entry(namespace: &str, key: &str) -> String {
    of("e", namespace, key)
}

/// The store's key of the lease beside the entry of such a key.
pub(crate) fn lease(entry: &str) -> String {
    of("l", entry, "")
}

/// The store's key of the mark that all entries of a namespace carry.
pub(crate) fn namespace_mark(namespace: &str) -> String {
    of("n", namespace, "")
}

/// The store's key of the mark that all entries with a tag carry.
pub(crate) fn tag_mark(tag: &str) -> String {
    of("t", tag, "")
}

/// The store's key of the mark that changes whenever any tag is invalidated. No entry carries it.
pub(crate) const ANY_TAG_MARK: &str = "t";

/// The store's key of the mark that all entries of a store carry.
pub(crate) const STORE_MARK: &str = "s";

fn of(kind: &str, namespace: &str, key: &str) -> String {
    let plain = [kind, ":", namespace, ":", key].concat();
    // The namespace of a function holds `::`, and no other text that could be a separator.
    if plain.len() <= LONGEST && plain.bytes().all(is_harmless) {
        return plain;
    }
    let mut name = String::with_capacity(LONGEST);
    let readable =
        plain.chars().map(|c| if c.is_ascii() && is_harmless(c as u8) { c } else { '_' });
    name.extend(readable.take(READABLE));
    // What is hashed tells where the namespace ends.
    let whole = format!("{kind}{}:{namespace}{key}", namespace.len());
    let _ = write!(name, ".{:032x}", xxh3_128(whole.as_bytes()));
    name
}

fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_keys_stay_readable() {
        assert_eq!(entry("app::users::load", "user:42"), "e:app::users::load:user:42");
        assert_eq!(namespace_mark("app::load"), "n:app::load:");
    }

    #[test]
    fn every_key_is_short_and_harmless() {
        let long = "é".repeat(5_000);
        for key in ["", " ", "a b", "a\r\nset x", "\0", "%2F", "日本", &"x".repeat(10_000), &long]
        {
            let name = entry("app::Repo<u8>::load", key);
            assert!(!name.is_empty() && name.len() <= LONGEST, "{name}");
            assert!(name.bytes().all(is_harmless), "{name}");
        }
    }

    #[test]
    fn different_keys_have_different_names() {
        let mut names = std::collections::BTreeSet::new();
        for namespace in ["a", "a b", "a<b>"] {
            for key in ["", "x y", "x_y", "x  y", "b x y", "é", "è"] {
                assert!(names.insert(entry(namespace, key)), "{namespace} {key}");
            }
        }
        let long = |end| entry("a", &("x".repeat(300) + end));
        assert_ne!(long("1"), long("2"));
    }
}
