//! Chance: for jitter and for early refreshes. Not for secrets.
//!
//! `SplitMix64` (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
//! 2014), one for each thread, seeded by the system. An isolated test may have one with a seed of
//! its own.

use std::cell::Cell;
use std::hash::{BuildHasher as _, RandomState};

/// The state of a generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A number in 0 (included) to 1 (not included), of 53 bits.
    pub(crate) fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a mantissa has")]
        let (mantissa, range) = ((bits >> 11) as f64, (1_u64 << 53) as f64);
        mantissa / range
    }
}

thread_local! {
    static OF_THREAD: Cell<Random> = Cell::new(Random::seeded(RandomState::new().hash_one(0)));
}

/// A number in 0 (included) to 1 (not included).
pub(crate) fn draw() -> f64 {
    #[cfg(feature = "testing")]
    if let Some(drawn) = crate::testing::current().and_then(|isolation| isolation.draw()) {
        return drawn;
    }
    OF_THREAD.with(|cell| {
        let mut random = cell.get();
        let drawn = random.draw();
        cell.set(random);
        drawn
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_evenly_and_a_seed_repeats_them() {
        let (mut one, mut other) = (Random::seeded(7), Random::seeded(7));
        let mut buckets = [0_u32; 10];
        for _ in 0..100_000 {
            let drawn = one.draw();
            assert!((0.0..1.0).contains(&drawn));
            assert!((drawn - other.draw()).abs() < f64::EPSILON);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
            let bucket = (drawn * 10.0) as usize;
            buckets[bucket] += 1;
        }
        assert!(buckets.iter().all(|count| (9_500..10_500).contains(count)), "{buckets:?}");
    }
}
