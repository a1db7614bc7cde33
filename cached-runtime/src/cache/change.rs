//! Changes of an entry that keep part of it: a number counted on, a timeout set anew.
//!
//! Each is a look and a swap of exactly what was seen, on every store alike, so that none is lost
//! between processes.

use crate::error::{Error, ErrorKind};
use crate::policy::Timeout;
use crate::shared::codec::Codec;
use crate::shared::{Place, Records, STORE_MARK, Seen, with_payload, with_timeout};

use super::named::{Named, not_overdue};
use super::turn::{self, Contest};

impl Named {
    /// Replaces a number by what `change` makes of it, or of zero where there is none.
    pub(super) async fn count(
        &self,
        key: &str,
        change: impl Fn(i64) -> Option<i64>,
    ) -> Result<i64, Error> {
        let place = self.place(key)?;
        let codec = place.backend.codec;
        let _doom = self.doom(key);
        let _turn = turn::take(&place.name).await;
        let contest = Contest::new();
        loop {
            not_overdue(&place)?;
            let (entry, records) = self.read(&place).await?;
            let integer = |codec: Codec, payload: &[u8]| Ok(codec.decode::<i64>(payload).ok());
            let look = place.look_at(entry.as_deref(), records, integer);
            let (number, bytes, timeout) = match (&look.seen, &entry) {
                (Seen::Entry(found), Some(entry)) => {
                    let number = found.value.ok_or_else(no_integer)?;
                    let number = change(number).ok_or_else(overflow)?;
                    let bytes = with_payload(entry, codec, &codec.encode(&number)?)?;
                    (number, bytes, found.remaining)
                }
                _ => {
                    let number = change(0).ok_or_else(overflow)?;
                    let timeout = place.backend.default_timeout.unwrap_or(Timeout::DEFAULT);
                    let load = self.no_load(&place, &look.records).await?;
                    (number, place.seal(codec.encode(&number)?, timeout, &load), timeout)
                }
            };
            if place.swap(look.guard(), &bytes, timeout).await?.done {
                return Ok(number);
            }
            contest.lost()?;
        }
    }

    /// Sets the timeout of an entry anew. Says whether there was one.
    pub(super) async fn touch(&self, key: &str, timeout: Timeout) -> Result<bool, Error> {
        if timeout.is_zero() {
            return self.delete(key).await;
        }
        let place = self.place(key)?;
        let contest = Contest::new();
        loop {
            not_overdue(&place)?;
            let (entry, records) = self.read(&place).await?;
            let look = place.look_at(entry.as_deref(), records, |_, _| Ok(()));
            let (Seen::Entry(_), Some(entry)) = (&look.seen, &entry) else { return Ok(false) };
            let bytes = with_timeout(entry, timeout, self.link.clock.wall_ms())?;
            if place.swap(look.guard(), &bytes, timeout).await?.done {
                return Ok(true);
            }
            contest.lost()?;
        }
    }

    /// The bytes of an entry, and of the marks that it carries.
    async fn read(&self, place: &Place) -> Result<(Option<Vec<u8>>, Records), Error> {
        let answer = place.backend.get_many(&[&place.name, STORE_MARK, &self.link.mark]).await;
        self.link.counted(&answer);
        let mut values = answer?.into_iter();
        let mut next = || values.next().flatten();
        Ok((next(), [next(), next()]))
    }
}

fn no_integer() -> Error {
    Error::new(ErrorKind::Codec, "the entry is no 64-bit integer")
}

fn overflow() -> Error {
    Error::new(ErrorKind::Refused, "the result is beyond 64 bits")
}
