//! What tells one write from all others.

use std::hash::{BuildHasher, RandomState};
use std::process;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The identity of a write: no two anywhere are alike.
///
/// Its second half is a number of this process. Its first half is that number, the process's id and
/// the time, hashed under a secret that the process drew at its first write. So two ids of one
/// process differ for certain. Those of two processes differ but for a chance of 2^-64 with each
/// pair of equal numbers: other secrets, or after a `fork` another process id, or where that has
/// been given out again or a virtual machine was copied, another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(pub(crate) [u8; 16]);

impl Id {
    /// Makes an id. Cost: two system calls.
    pub(crate) fn new() -> Self {
        static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static NUMBER: AtomicU64 = AtomicU64::new(0);

        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self::of(&SECRET, process::id(), SystemTime::now(), number)
    }

    /// The id of a mark whose entries are stale from now on: half of it stays.
    pub(crate) fn softened(self) -> Self {
        let mut bytes = self.0;
        let (_, end) = bytes.split_at_mut(8);
        end.copy_from_slice(&Self::new().0[..8]);
        Self(bytes)
    }

    /// Whether the one has become the other by being softened, any number of times.
    pub(crate) fn is_softened(self, later: Self) -> bool {
        self.0[..8] == later.0[..8]
    }

    /// The id as text.
    pub(crate) fn hex(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }

    fn of(secret: &RandomState, process: u32, now: SystemTime, number: u64) -> Self {
        let hash = secret.hash_one((process, now, number));
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&hash.to_le_bytes());
        bytes[8..].copy_from_slice(&number.to_le_bytes());
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn threads_never_draw_the_same_id() {
        let threads: Vec<_> = (0..4)
            .map(|_| thread::spawn(|| (0..1000).map(|_| Id::new()).collect::<Vec<_>>()))
            .collect();
        let ids: HashSet<Id> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), 4000);
    }

    #[test]
    fn processes_with_equal_numbers_draw_other_ids() {
        let (secret, now) = (RandomState::new(), SystemTime::UNIX_EPOCH);
        let id = Id::of(&secret, 7, now, 0);
        assert_eq!(Id::of(&secret, 7, now, 0), id);
        assert_ne!(Id::of(&secret, 8, now, 0), id, "a fork");
        assert_ne!(Id::of(&secret, 7, now + Duration::from_nanos(1), 0), id, "a later fork");
        assert_ne!(Id::of(&RandomState::new(), 7, now, 0), id, "another machine");
    }
}
