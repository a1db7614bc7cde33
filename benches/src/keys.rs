//! The keys that every contestant is asked for.

/// Keys in use at a time.
pub const KEYS: usize = 1024;

/// One key: a number and a name.
#[derive(Debug)]
pub struct Key {
    /// The number.
    pub id: u64,
    /// The name.
    pub name: String,
}

/// The keys, each another.
#[must_use]
pub fn all() -> Vec<Key> {
    (0..KEYS as u64).map(|id| Key { id: id * 7919, name: format!("user-{id:05}") }).collect()
}

/// An order in which to ask for keys: `hot` is one key, otherwise Zipf-distributed with exponent
/// 0.99 (or uniform for 0).
#[must_use]
pub fn order(exponent: f64, length: usize) -> Vec<usize> {
    let weights = (1..=KEYS).map(|rank| (rank as f64).powf(-exponent));
    let cumulated: Vec<f64> = weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect();
    let total = cumulated.last().copied().unwrap_or(1.0);
    let mut random = Random::new();
    (0..length)
        .map(|_| {
            let point = random.unit() * total;
            let rank = cumulated.partition_point(|sum| *sum < point);
            // Ranks are spread over the keys, so that popular ones are no neighbours.
            rank.min(KEYS - 1) * 389 % KEYS
        })
        .collect()
}

/// A small generator (xorshift64*), so that every run asks for the same keys.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// A number in 0 (included) to 1 (not included).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Puts them into an order in which any is as likely as any other.
    #[cfg(any(feature = "peers", feature = "web"))]
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, (self.unit() * (last + 1) as f64) as usize);
        }
    }
}
