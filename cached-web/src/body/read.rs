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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::FutureExt as _;
    use futures_util::stream::{self, Stream};
    use http::HeaderMap;
    use http_body_util::StreamBody;

    use super::*;

    type Framed = Result<Frame<Bytes>, &'static str>;

    fn body(frames: Vec<Framed>) -> StreamBody<impl Stream<Item = Framed> + Unpin> {
        StreamBody::new(stream::iter(frames))
    }

    fn data(text: &'static str) -> Frame<Bytes> {
        Frame::data(Bytes::from_static(text.as_bytes()))
    }

    /// What is left of a body that was not kept, as its reader gets it.
    fn rest<B: Body<Data = Bytes, Error: Unpin> + Unpin>(mut body: Read<B>) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = body.frame().now_or_never().expect("nothing is waited for") {
            frames.push(match frame.map(Frame::into_data) {
                Ok(Ok(data)) => String::from_utf8_lossy(&data).into_owned(),
                Ok(Err(_)) => "trailers".to_owned(),
                Err(_) => "failure".to_owned(),
            });
        }
        frames
    }

    fn read_now(
        frames: Vec<Framed>,
        length: Option<u64>,
        limit: u64,
    ) -> Result<Bytes, Vec<String>> {
        let read = read(body(frames), length, limit).now_or_never().expect("nothing is waited for");
        read.map_err(rest)
    }

    #[test]
    fn a_whole_body_is_joined() {
        assert_eq!(read_now(vec![], Some(0), 0), Ok(Bytes::new()));
        assert_eq!(read_now(vec![Ok(data("ab")), Ok(data("cd"))], Some(4), 4), Ok("abcd".into()));
        assert_eq!(read_now(vec![Ok(data("ab")), Ok(data("cd"))], None, 4), Ok("abcd".into()));
    }

    #[test]
    fn a_single_chunk_is_not_copied() {
        let chunk = Bytes::from(vec![1, 2, 3]);
        let frames = vec![Ok(Frame::data(chunk.clone()))];
        assert_eq!(read_now(frames, None, 3).expect("it is whole").as_ptr(), chunk.as_ptr());
    }

    #[test]
    fn what_is_not_whole_goes_on_as_it_was() {
        let unread = |frames, length, limit| read_now(frames, length, limit).unwrap_err();
        let cut = vec![Ok(data("ab")), Err("cut"), Ok(data("cd"))];
        assert_eq!(unread(cut, Some(4), 9), ["ab", "failure", "cd"]);
        assert_eq!(unread(vec![Ok(data("ab"))], Some(4), 9), ["ab"], "shorter than it said");
        assert_eq!(unread(vec![Ok(data("ab")), Ok(data("cd"))], Some(3), 9), ["ab", "cd"]);
        let trailing = vec![Ok(data("ab")), Ok(Frame::trailers(HeaderMap::new()))];
        assert_eq!(unread(trailing, Some(2), 9), ["ab", "trailers"]);
    }

    #[test]
    fn no_more_is_held_than_the_limit_and_one_chunk() {
        let endless =
            StreamBody::new(stream::repeat_with(|| Ok::<_, Infallible>(Frame::data("ab".into()))));
        let read = read(endless, None, 5).now_or_never().expect("nothing is waited for");
        let Err(read) = read else { panic!("it has no end") };
        assert_eq!(read.held.len(), 3);
    }

    #[test]
    fn the_size_is_that_of_what_is_still_to_come() {
        let declared = http_body_util::Full::new(Bytes::from_static(b"abcd"));
        let read = read(declared, Some(4), 3).now_or_never().expect("nothing is waited for");
        let Err(mut read) = read else { panic!("it is longer than the limit") };
        assert_eq!(read.size_hint().exact(), Some(4));
        assert!(!read.is_end_stream());
        read.frame().now_or_never().expect("nothing is waited for");
        assert_eq!(read.size_hint().exact(), Some(0));
        assert!(read.is_end_stream());
    }
}
