//! What an entry holds: a response; or, under its own key, where to look for one.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::page::Page;

/// What an entry holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Kept {
    /// A response.
    Page(Arc<Page>),
    /// The response differs by fields of the request: it lies under a key of its own.
    Varies(Arc<Varies>),
    /// The last response was one that is not kept. Requests do not wait for one another, for a while.
    Passes,
}

/// Which fields of a request tell the responses of one key apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Varies {
    /// Names of fields, in lower case, in order, each once.
    pub(crate) names: Vec<Box<str>>,
    /// Part of the keys of the responses: with this entry they are all out of reach, whoever drops it.
    pub(crate) id: u64,
}

impl Kept {
    /// What memory counts it as, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        match self {
            Self::Page(page) => page.snapshot.weight() + AS_SENT * page.snapshot.weight_of_fields(),
            Self::Varies(varies) => {
                varies.names.iter().map(|name| name.len() as u64 + 16).sum::<u64>() + OVERHEAD
            }
            Self::Passes => OVERHEAD,
        }
    }
}

/// How often the fields are there once more, as answers send them. In actix-web's type they take as
/// much as twice.
const AS_SENT: u64 = if cfg!(feature = "actix") { 3 } else { 1 };

/// Bytes that an entry takes beyond what it holds: its key, its stamps, its place in the table.
const OVERHEAD: u64 = 200;

impl Varies {
    /// Responses that differ by these fields, and by all those of `before`.
    pub(crate) fn new(names: Vec<Box<str>>, before: Option<&Self>) -> Self {
        let before = before.into_iter().flat_map(|varies| varies.names.iter().cloned());
        let mut names: Vec<_> = names.into_iter().chain(before).collect();
        names.sort_unstable();
        names.dedup();
        // std seeds it from the system's randomness, and differently each time.
        Self { names, id: RandomState::new().build_hasher().finish() }
    }

    /// Whether it tells apart what these fields tell apart.
    pub(crate) fn covers(&self, names: &[Box<str>]) -> bool {
        names.iter().all(|name| self.names.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_add_up_and_ids_differ() {
        let names = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect::<Vec<_>>();
        let one = Varies::new(names(&["accept", "accept"]), None);
        let both = Varies::new(names(&["x-a"]), Some(&one));
        assert_eq!(both.names, names(&["accept", "x-a"]));
        assert!(both.covers(&one.names) && !one.covers(&both.names));
        assert_ne!(Varies::new(vec![], None).id, Varies::new(vec![], None).id);
    }
}
