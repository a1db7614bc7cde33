//! Values of fields that end in a number, such as the seconds of an `Age`.

use std::sync::OnceLock;

use http::HeaderValue;

/// Values that begin alike and end in a number.
///
/// Those of small numbers are made when they are first asked for, and stay for as long as the
/// program runs: some 80 bytes each, 4,096 at most. Others are made each time.
pub(crate) struct Numbered {
    start: &'static str,
    small: [OnceLock<Box<Row>>; ROWS],
}

type Row = [OnceLock<HeaderValue>; ROW];

const ROWS: usize = 64;
const ROW: usize = 64;

impl Numbered {
    /// Values that begin with visible ASCII.
    pub(crate) const fn new(start: &'static str) -> Self {
        Self { start, small: [const { OnceLock::new() }; ROWS] }
    }

    pub(crate) fn value(&self, number: u64) -> HeaderValue {
        let small = usize::try_from(number).ok();
        let Some((row, at)) = small.and_then(|at| Some((self.small.get(at / ROW)?, at % ROW)))
        else {
            return value(self.text(number));
        };
        let row = row.get_or_init(|| Box::new([const { OnceLock::new() }; ROW]));
        // Nobody counts who uses it: a count would go from core to core with each hit.
        row[at].get_or_init(|| HeaderValue::from_static(self.text(number).leak())).clone()
    }

    fn text(&self, number: u64) -> String {
        format!("{}{number}", self.start)
    }
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("visible ASCII is a value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_are_written_whole_and_small_ones_once() {
        static AGES: Numbered = Numbered::new("age=");
        for number in [0, 1, 63, 64, 4_095, 4_096, u64::MAX] {
            for _ in 0..2 {
                assert_eq!(AGES.value(number), format!("age={number}"));
            }
        }
        let [one, other] = [1, 1].map(|number| AGES.value(number));
        assert_eq!(one.as_bytes().as_ptr(), other.as_bytes().as_ptr());
    }
}
