//! Reading a body to its end, and giving back one that does not come to it as it should.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;

/// Reads a body of a known length to its end.
///
/// Err: it has trailers, fails, is longer than `limit`, or not as long as it said. It goes on as if
/// nobody had read of it.
pub(super) async fn read<B>(body: B, length: Option<u64>, limit: u64) -> Result<Bytes, Read<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut read = Read { held: VecDeque::new(), bytes: 0, next: None, body };
    while let Some(frame) = read.body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => read.hold(data),
            Ok(Err(trailers)) => read.next = Some(Ok(trailers)),
            Err(error) => read.next = Some(Err(error)),
        }
        if read.next.is_some() || read.bytes > limit {
            return Err(read);
        }
    }
    match length {
        Some(length) if length != read.bytes => Err(read),
        _ => Ok(joined(read.held)),
    }
}

/// A body of which something has been read: that first, then the rest.
pub(crate) struct Read<B: Body> {
    held: VecDeque<Bytes>,
    /// How many bytes `held` has.
    bytes: u64,
    /// What came after them: trailers, or a failure.
    next: Option<Result<Frame<Bytes>, B::Error>>,
    body: B,
}

impl<B: Body> Read<B> {
    fn hold(&mut self, data: Bytes) {
        self.bytes += data.len() as u64;
        self.held.push_back(data);
    }
}

impl<B: Body<Data = Bytes, Error: Unpin> + Unpin> Body for Read<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        if let Some(data) = this.held.pop_front() {
            this.bytes -= data.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match this.next.take() {
            Some(next) => Poll::Ready(Some(next)),
            None => Pin::new(&mut this.body).poll_frame(ctx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.next.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        longer(self.body.size_hint(), self.bytes)
    }
}

/// The size of a body that has so many bytes before it.
pub(super) fn longer(rest: SizeHint, bytes: u64) -> SizeHint {
    let mut hint = SizeHint::new();
    if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(bytes)) {
        hint.set_upper(upper);
    }
    hint.set_lower(rest.lower().saturating_add(bytes));
    hint
}

/// The chunks as one; a single one is not copied.
fn joined(mut chunks: VecDeque<Bytes>) -> Bytes {
    if chunks.len() < 2 {
        return chunks.pop_front().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
    chunks.iter().for_each(|chunk| whole.extend_from_slice(chunk));
    whole.freeze()
}
