//! Reading a body to its end, and giving back one that does not come to it as it should.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
    let (size, held) = (body.size_hint(), VecDeque::new());
    let (mut read, mut bytes) = (Read { size, held, given: 0, next: None, body }, 0);
    while let Some(frame) = read.body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(data)) => {
                bytes += data.len() as u64;
                read.held.push_back(data);
            }
            Ok(Err(trailers)) => read.next = Some(Ok(trailers)),
            Err(error) => read.next = Some(Err(error)),
        }
        if read.next.is_some() || bytes > limit {
            return Err(read);
        }
    }
    match length {
        Some(length) if length != bytes => Err(read),
        _ => Ok(joined(read.held)),
    }
}

/// A body of which something has been read: that first, then the rest.
pub(crate) struct Read<B: Body> {
    /// The size that the body gave of itself before it was read.
    size: SizeHint,
    held: VecDeque<Bytes>,
    /// How many bytes have been given back.
    given: u64,
    /// What came after them: trailers, or a failure.
    next: Option<Result<Frame<Bytes>, B::Error>>,
    body: B,
}

impl<B: Body<Data = Bytes, Error: Unpin> + Unpin> Body for Read<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let next = match this.held.pop_front() {
            Some(data) => Some(Ok(Frame::data(data))),
            None => this.next.take(),
        };
        let frame = match next {
            None => ready!(Pin::new(&mut this.body).poll_frame(ctx)),
            next => next,
        };
        if let Some(Ok(frame)) = &frame {
            this.given += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.next.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut rest = SizeHint::new();
        if let Some(upper) = self.size.upper() {
            rest.set_upper(upper.saturating_sub(self.given));
        }
        rest.set_lower(self.size.lower().saturating_sub(self.given));
        rest
    }
}

/// The chunks as one; a single one is not copied.
fn joined(mut chunks: VecDeque<Bytes>) -> Bytes {
    if chunks.len() < 2 {
        return chunks.pop_front().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
    for chunk in &chunks {
        whole.extend_from_slice(chunk);
    }
    whole.freeze()
}
