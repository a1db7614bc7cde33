//! A body that is copied while it flows. The copy is kept once the body has come to its proper end,
//! and dropped with it before.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::engine::Copying;

/// A body that is copied while it flows.
pub(crate) struct Copied<B> {
    body: B,
    /// How long it is, if known.
    length: Option<u64>,
    /// How much of it has flowed.
    passed: u64,
    /// The last frame, while the copy is being kept.
    last: Option<Bytes>,
    /// In a lock only to be `Sync`, as some frameworks ask of bodies.
    copy: Mutex<Copy>,
}

/// What has become of the copy.
enum Copy {
    Growing(Box<Copying>),
    Finishing(Pin<Box<dyn Future<Output = ()> + Send>>),
    Gone,
}

impl<B: Body<Data = Bytes> + Unpin> Copied<B> {
    /// A body of this length, if it is known, and its copy.
    pub(super) fn new(body: B, length: Option<u64>, copying: Copying) -> Self {
        Self {
            body,
            length,
            passed: 0,
            last: None,
            copy: Mutex::new(Copy::Growing(Box::new(copying))),
        }
    }

    /// Copies a frame that flows, and gives it back. None: it waits until the copy is kept, since
    /// it is the last, and nobody may ask for another.
    fn flow(&mut self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        let Some(data) = frame.data_ref() else {
            *self.copy() = Copy::Gone; // trailers are not kept, and so nothing is
            return Some(frame);
        };
        self.passed += data.len() as u64;
        if let Copy::Growing(copying) = self.copy.get_mut().unwrap_or_else(PoisonError::into_inner)
        {
            copying.push(data);
        }
        if self.length == Some(self.passed) || self.body.is_end_stream() {
            self.last = frame.into_data().ok();
            return None;
        }
        Some(frame)
    }

    /// The copy is whole: keep it.
    fn finish(&mut self) {
        let copy = self.copy();
        *copy = match std::mem::replace(copy, Copy::Gone) {
            Copy::Growing(copying) => Copy::Finishing(Box::pin(copying.finish())),
            other => other,
        };
    }

    fn copy(&mut self) -> &mut Copy {
        self.copy.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Copied<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        loop {
            match this.copy() {
                Copy::Gone => return Pin::new(&mut this.body).poll_frame(ctx),
                Copy::Finishing(finish) => {
                    ready!(finish.as_mut().poll(ctx));
                    *this.copy() = Copy::Gone;
                    return Poll::Ready(this.last.take().map(|data| Ok(Frame::data(data))));
                }
                Copy::Growing(_) => match ready!(Pin::new(&mut this.body).poll_frame(ctx)) {
                    Some(Ok(frame)) => match this.flow(frame) {
                        None => this.finish(),
                        Some(frame) => return Poll::Ready(Some(Ok(frame))),
                    },
                    None if this.length.is_none_or(|length| length == this.passed) => this.finish(),
                    end => {
                        *this.copy() = Copy::Gone; // failed, or shorter than it said
                        return Poll::Ready(end);
                    }
                },
            }
        }
    }

    // Whoever is told that this is the end does not ask again, and then nothing would be kept.
    fn is_end_stream(&self) -> bool {
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*copy, Copy::Gone) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.last {
            Some(data) => SizeHint::with_exact(data.len() as u64),
            None => self.body.size_hint(),
        }
    }
}
