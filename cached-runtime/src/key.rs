//! Keys: looked up where they stand, owned only on a miss.
//!
//! A key is borrowed from the call's arguments, hashed once, and compared in full with the owned
//! keys of entries. How arguments become keys is in [`argument`], how templates do in [`text`],
//! and what a callable may return in [`callable`]. Which function a key belongs to is no part of
//! it here: every instantiation of a function has a tier of its own (`site.rs`).

pub mod argument;
pub mod callable;
#[cfg(feature = "json")]
pub mod spelled;
pub mod text;

use std::collections::hash_map;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use foldhash::quality::RandomState;
use quick_cache::Equivalent;

/// A borrowed key.
///
/// `hash` and `matches` must agree: two keys that match one owned key hash alike.
pub trait Key {
    /// What an entry keeps. Equal exactly where the keys it was made from are.
    type Owned: Eq + Clone + Send + Sync + 'static;

    /// Feeds the key to a hasher.
    fn hash<H: Hasher>(&self, state: &mut H);
    /// Whether `owned` was made from an equal key.
    fn matches(&self, owned: &Self::Owned) -> bool;
    /// Makes the owned form. Allocates where the key does.
    fn own(&self) -> Self::Owned;
    /// The owned form as text, where the key is text.
    fn as_text(_: &Self::Owned) -> Option<&str> {
        None
    }
}

/// No arguments: one entry.
impl Key for () {
    type Owned = ();

    #[inline]
    fn hash<H: Hasher>(&self, _: &mut H) {}
    #[inline]
    fn matches(&self, (): &()) -> bool {
        true
    }
    #[inline]
    fn own(&self) {}
}

/// Several parts in order. More than eight nest.
macro_rules! tuple_key {
    ($($part:ident . $idx:tt),*) => {
        impl<$($part: Key),*> Key for ($($part,)*) {
            type Owned = ($($part::Owned,)*);

            #[inline]
            fn hash<S: Hasher>(&self, state: &mut S) {
                $(self.$idx.hash(state);)*
            }
            #[inline]
            fn matches(&self, owned: &Self::Owned) -> bool {
                true $(&& self.$idx.matches(&owned.$idx))*
            }
            #[inline]
            fn own(&self) -> Self::Owned {
                ($(self.$idx.own(),)*)
            }
        }
    };
}

tuple_key!(A.0);
tuple_key!(A.0, B.1);
tuple_key!(A.0, B.1, C.2);
tuple_key!(A.0, B.1, C.2, D.3);
tuple_key!(A.0, B.1, C.2, D.3, E.4);
tuple_key!(A.0, B.1, C.2, D.3, E.4, F.5);
tuple_key!(A.0, B.1, C.2, D.3, E.4, F.5, G.6);
tuple_key!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7);

/// An owned key and its hash.
#[derive(Clone)]
pub(crate) struct Hashed<K> {
    pub(crate) hash: u64,
    pub(crate) key: K,
}

impl<K: Eq> PartialEq for Hashed<K> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.key == other.key
    }
}

impl<K: Eq> Eq for Hashed<K> {}

impl<K> Hash for Hashed<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// A borrowed key and its hash, as a table looks it up.
pub(crate) struct Lookup<'k, Q> {
    pub(crate) hash: u64,
    pub(crate) key: &'k Q,
}

impl<Q> Hash for Lookup<'_, Q> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<Q: Key> Equivalent<Hashed<Q::Owned>> for Lookup<'_, Q> {
    #[inline]
    fn equivalent(&self, owned: &Hashed<Q::Owned>) -> bool {
        self.hash == owned.hash && self.key.matches(&owned.key)
    }
}

impl<Q: Key> Lookup<'_, Q> {
    pub(crate) fn own(&self) -> Hashed<Q::Owned> {
        Hashed { hash: self.hash, key: self.key.own() }
    }
}

/// Hashes keys, seeded anew in every process.
#[derive(Clone)]
pub(crate) enum Seed {
    /// Keys made from arguments: foldhash. Not its faster half, of whose bits one seed in some
    /// hundreds makes nearly the same for most keys of a sequence; shards would run full one by one.
    Arguments(RandomState),
    /// Keys that whoever sends requests chooses: SipHash-1-3, which is std's.
    Requests(hash_map::RandomState),
}

impl Seed {
    /// The seed that all caches of this process share, so that a key outlives a look for its cache.
    pub(crate) fn shared() -> &'static Self {
        static SEED: LazyLock<Seed> = LazyLock::new(|| Seed::Arguments(RandomState::default()));
        &SEED
    }

    /// The same for keys that are made from requests.
    pub(crate) fn of_requests() -> &'static Self {
        static SEED: LazyLock<Seed> =
            LazyLock::new(|| Seed::Requests(hash_map::RandomState::new()));
        &SEED
    }

    #[inline]
    pub(crate) fn lookup<'k, Q: Key>(&self, key: &'k Q) -> Lookup<'k, Q> {
        let hash = match self {
            Self::Arguments(seed) => hash(seed, key),
            Self::Requests(seed) => hash(seed, key),
        };
        Lookup { hash, key }
    }
}

#[inline]
fn hash<Q: Key>(seed: &impl BuildHasher, key: &Q) -> u64 {
    let mut state = seed.build_hasher();
    key.hash(&mut state);
    state.finish()
}

/// Hands a hash that was computed before on to a table.
#[derive(Clone, Copy, Default)]
pub(crate) struct Prehashed(u64);

impl BuildHasher for Prehashed {
    type Hasher = Self;

    #[inline]
    fn build_hasher(&self) -> Self {
        *self
    }
}

impl Hasher for Prehashed {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("a prehashed key writes one `u64`");
    }
}

#[cfg(test)]
mod tests {
    use foldhash::SharedSeed;
    use foldhash::quality::SeedableRandomState;

    use super::*;
    use crate::key::argument::Argument;

    /// The most keys of `0..4_096` that agree in four bits of their hashes.
    fn most_alike<S>(seed: &S, bit: u32) -> usize
    where
        S: BuildHasher<Hasher = <RandomState as BuildHasher>::Hasher>,
    {
        let mut counts = [0; 16];
        for key in 0..4_096_u64 {
            counts[(hash(seed, &Argument(&key).part()) >> bit & 15) as usize] += 1;
        }
        counts.into_iter().max().unwrap_or_default()
    }

    #[test]
    fn a_sequence_of_keys_spreads_over_the_shards_whatever_the_seed() {
        // Under the last four, the faster half of foldhash puts up to 2,401 keys into one of 16.
        for seed in (0..100).chain([28_450, 38_420, 17_455, 34_910]) {
            let shared = Box::leak(Box::new(SharedSeed::from_u64(seed)));
            let seeded = SeedableRandomState::with_seed(0, shared);
            for bit in [0, 32, 48, 60] {
                let most = most_alike(&seeded, bit);
                assert!(most < 400, "{most} of 4,096 keys agree in bits from {bit}, seed {seed}");
            }
        }
    }
}
