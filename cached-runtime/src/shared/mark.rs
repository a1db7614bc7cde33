//! Marks: what makes many entries count for nothing at once.
//!
//! A mark is a record in the store that holds an id. An entry carries the names and ids of its
//! marks as they were when its load began, and counts only while every one of them is still the
//! same. So invalidating all that carry a mark is one write, whatever their number. A store that
//! lost a mark gets another id, which invalidates what carried it; nothing comes back to life.
//!
//! A tag can be invalidated softly, too: half of its mark's id changes, and the record says when.

use crate::error::Error;
use crate::store::{Guard, HEAD};

use super::backend::Backend;
use super::envelope::{Head, Id, Kind, head};

/// The id that a mark's record holds; none where there is no such record.
pub(crate) fn read(record: Option<&[u8]>) -> Option<Id> {
    let head = Head::read(record?).ok()?;
    (head.kind == Kind::Mark).then_some(head.id)
}

/// When a mark was softened, in milliseconds since 1970. Zero where its record does not say.
pub(crate) fn softened_at_ms(record: &[u8]) -> u64 {
    let bytes = record.get(HEAD..).and_then(|end| end.first_chunk());
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The record of a mark that is softened now.
pub(crate) fn softened(id: Id, now_ms: u64) -> Vec<u8> {
    let mut record = head(Kind::Mark, id.softened()).to_vec();
    record.extend_from_slice(&now_ms.to_le_bytes());
    record
}

/// The id of a mark, whose record was found to be `record`; made where it is missing.
pub(crate) async fn ensure(
    backend: &Backend,
    name: &str,
    record: Option<&[u8]>,
) -> Result<Id, Error> {
    if let Some(id) = read(record) {
        return Ok(id);
    }
    let id = Id::new();
    let guard = match record {
        None | Some([]) => Guard::Absent,
        // No mark: something damaged it.
        Some(record) => Guard::Head(&record[..record.len().min(HEAD)]),
    };
    let swapped = backend.swap("mark", name, guard, Some(&head(Kind::Mark, id)), None).await?;
    if swapped.done {
        return Ok(id);
    }
    // Another process was faster. Where it was not, an id that nobody has invalidates.
    Ok(read(swapped.previous.as_deref()).unwrap_or(id))
}
