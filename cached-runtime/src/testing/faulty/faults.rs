//! Which fault the next operation meets, and what faults do to values.

use std::task::Waker;
use std::time::Duration;

use crate::error::ErrorKind;

#[derive(Default)]
pub(super) struct Faults {
    pub(super) delay: Option<Duration>,
    pub(super) fault: Option<Fault>,
    /// Operations that are still to meet them.
    pub(super) left: Option<u64>,
    /// Of how many operations one meets them: out of 2^32.
    pub(super) chance: Option<u64>,
    random: u64,
    /// How often it was healed, and who waits for the next time.
    pub(super) healed: u64,
    pub(super) waiting: Vec<Waker>,
}

/// What an operation meets.
#[derive(Clone, Copy)]
pub(super) struct Met {
    pub(super) delay: Option<Duration>,
    pub(super) fault: Option<Fault>,
    /// Where a value is spoiled.
    pub(super) random: u64,
    /// How often the store had been healed.
    pub(super) healed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Fail(ErrorKind),
    Hang,
    Corrupt,
    Truncate,
    Lose,
}

/// What an operation is to a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Gives values.
    Read,
    Write,
}

impl Faults {
    pub(super) fn clear(&mut self) {
        (self.delay, self.fault, self.left, self.chance) = (None, None, None, None);
    }

    /// What the next operation meets.
    pub(super) fn draw(&mut self, kind: Kind) -> Met {
        let fault = self.fault.filter(|fault| fault.concerns(kind));
        let random = self.random();
        let is_hit = self.chance.is_none_or(|chance| random >> 32 < chance);
        if (self.delay.is_none() && fault.is_none()) || !is_hit {
            return Met { delay: None, fault: None, random, healed: self.healed };
        }
        let met = Met { delay: self.delay, fault, random, healed: self.healed };
        match self.left {
            Some(1) => self.clear(),
            Some(left) => self.left = Some(left - 1),
            None => {}
        }
        met
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Fault {
    fn concerns(self, kind: Kind) -> bool {
        match self {
            Self::Fail(_) | Self::Hang => true,
            Self::Corrupt | Self::Truncate => kind == Kind::Read,
            Self::Lose => kind == Kind::Write,
        }
    }
}

impl Met {
    /// Does to a value that was read what the fault does to them.
    pub(super) fn spoil(&self, value: &mut Vec<u8>) {
        let Some(place) = self.random.checked_rem(value.len() as u64) else { return };
        let place = usize::try_from(place).unwrap_or(0);
        match self.fault {
            Some(Fault::Corrupt) => value[place] ^= 1 << (self.random >> 61),
            Some(Fault::Truncate) => value.truncate(place),
            _ => {}
        }
    }
}
