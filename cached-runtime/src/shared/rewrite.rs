//! An entry written anew from the one that is there, whose marks, and so whose fate, it shares.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::policy::{Timeout, Windows};

use super::codec::Codec;
use super::envelope::{Envelope, Id};

/// The entry with another value, which ends when it did.
pub(crate) fn with_payload(entry: &[u8], codec: Codec, payload: &[u8]) -> Result<Vec<u8>, Error> {
    let mut envelope = read(entry)?;
    envelope.head.id = Id::new();
    envelope.head.codec = codec.id();
    envelope.head.is_compressed = false;
    envelope.payload = payload;
    Ok(envelope.write())
}

/// The entry with another end, counted from `now_ms`.
pub(crate) fn with_timeout(entry: &[u8], timeout: Timeout, now_ms: u64) -> Result<Vec<u8>, Error> {
    let mut envelope = read(entry)?;
    let until =
        timeout.as_duration().map_or(u64::MAX, |timeout| now_ms.saturating_add(ms(timeout)));
    envelope.head.id = Id::new();
    envelope.fresh_until_ms = until;
    envelope.gone_at_ms = until;
    Ok(envelope.write())
}

/// The entry as one whose freshness has ended at `now_ms`, how long it is kept, and whether it was
/// fresh.
pub(crate) fn expired(
    entry: &[u8],
    windows: Windows,
    now_ms: u64,
) -> Result<(Vec<u8>, Option<Duration>, bool), Error> {
    let mut envelope = read(entry)?;
    let was_fresh = now_ms < envelope.fresh_until_ms;
    let end = envelope.fresh_until_ms.min(now_ms);
    let kept =
        windows.longest().as_duration().map_or(u64::MAX, |kept| end.saturating_add(ms(kept)));
    // What was of no use after its freshness is of none now.
    let is_lasting = envelope.is_lasting();
    envelope.head.id = Id::new();
    envelope.gone_at_ms = if is_lasting { envelope.gone_at_ms.min(kept) } else { end };
    envelope.fresh_until_ms = end;
    let left = envelope.gone_at_ms.saturating_sub(now_ms).max(1);
    let lasts = (envelope.gone_at_ms != u64::MAX).then(|| Duration::from_millis(left));
    Ok((envelope.write(), lasts, was_fresh))
}

fn read(entry: &[u8]) -> Result<Envelope<'_>, Error> {
    Envelope::read(entry).map_err(|corrupt| Error::new(ErrorKind::Protocol, corrupt))
}

/// A timeout of less than a millisecond is one.
fn ms(timeout: Duration) -> u64 {
    u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1)
}
