//! Bodies that flow: copied to their end, broken off, too long, endless.

use bytes::Bytes;
use futures_util::stream;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, StreamBody};

use super::*;

/// A response of unknown length, of these chunks.
fn flowing(lines: Lines<'_>, chunks: Vec<Result<&'static str, &'static str>>) -> Sent {
    let frames = chunks.into_iter().map(|chunk| chunk.map(|text| Frame::data(Bytes::from(text))));
    let body = StreamBody::new(stream::iter(frames.collect::<Vec<_>>())).boxed_unsync();
    sent(200, lines, "").map(|_| body)
}

#[tokio::test]
async fn a_body_of_unknown_length_is_kept_once_it_has_ended() {
    let site = Site::new(|_, _| flowing(FRESH, vec![Ok("one "), Ok(""), Ok("two")]));
    let first = site.begin("GET", "/", &[]).await.unwrap();
    assert_eq!(first.0.headers()["cache-status"], "cached-web; fwd=uri-miss");
    assert_eq!(first.read().await.body(), "one two");
    let hit = site.get("/", &[]).await;
    assert_eq!((hit.body(), hit.field("content-length"), site.calls()), ("one two", "7", 1));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_never_kept() {
    let site = Site::new(|_, _| flowing(FRESH, vec![Ok("one "), Err("broken")]));
    assert_eq!(site.get("/", &[]).await.body, None);
    assert_eq!(site.get("/", &[]).await.body, None);
    assert_eq!(site.calls(), 2);
}

/// A body of three bytes that breaks off after one.
struct Short(Option<&'static str>);

impl Body for Short {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let chunk = self.0.take().map(|text| Frame::data(Bytes::from(text)));
        Poll::Ready(Some(chunk.ok_or("broken")))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.map_or(2, |_| 3))
    }
}

#[tokio::test]
async fn a_body_of_known_length_that_breaks_off_is_sent_as_far_as_it_came() {
    let site = Site::new(|_, _| sent(200, FRESH, "").map(|_| Short(Some("1")).boxed_unsync()));
    for call in 1..=2 {
        let mut body = site.begin("GET", "/", &[]).await.unwrap().0.into_body();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "1");
        assert_eq!(body.frame().await.unwrap().unwrap_err(), "broken");
        assert_eq!(site.calls(), call);
    }
}

/// A body that says it has three bytes, and never ends.
struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"12")))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(3)
    }
}

#[tokio::test]
async fn a_body_is_read_no_further_than_it_says_it_goes() {
    let site = Site::new(|_, _| sent(200, FRESH, "").map(|_| Endless.boxed_unsync()));
    for call in 1..=2 {
        let got = site.get("/", &[]).await;
        assert_eq!((got.body(), site.calls()), ("1212", call));
        assert!(got.field("cache-status").ends_with("detail=wrong-length"), "{got:?}");
    }
}

#[tokio::test]
async fn a_body_whose_reader_leaves_is_not_kept() {
    let site = Site::new(|_, _| flowing(FRESH, vec![Ok("one "), Ok("two")]));
    let mut left = site.begin("GET", "/", &[]).await.unwrap();
    let frame = left.0.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "one ");
    drop(left);
    assert_eq!(site.get("/", &[]).await.body(), "one two");
    assert_eq!(site.calls(), 2);
}

#[tokio::test]
async fn a_body_of_another_length_than_it_says_is_not_kept() {
    for (length, chunks) in [("8", vec![Ok("one two")]), ("6", vec![Ok("one "), Ok("two")])] {
        let site = Site::new(move |_, _| {
            flowing(&[("cache-control", "max-age=60"), ("content-length", length)], chunks.clone())
        });
        site.get("/", &[]).await;
        site.get("/", &[]).await;
        assert_eq!(site.calls(), 2, "{length}");
    }
    let site = Site::same(&[("cache-control", "max-age=60"), ("content-length", "9")]);
    site.get("/", &[]).await;
    assert_eq!(site.get("/", &[]).await.body(), "2", "of known length");
}

#[tokio::test]
async fn a_body_that_says_its_length_is_kept_when_that_has_come() {
    let lines: Lines<'_> = &[("cache-control", "max-age=60"), ("content-length", "7")];
    let site = Site::new(|_, _| flowing(lines, vec![Ok("one "), Ok("two")]));
    let mut first = site.begin("GET", "/", &[]).await.unwrap();
    for expected in ["one ", "two"] {
        let frame = first.0.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), expected);
    }
    // A server asks for no more.
    drop(first);
    assert_eq!((site.get("/", &[]).await.body(), site.calls()), ("one two", 1));
}

#[tokio::test]
async fn what_is_longer_than_may_be_goes_through() {
    const LONG: &[Result<&str, &str>] = &[Ok("0123"), Ok("4567"), Ok("89")];
    let cases: [fn() -> Sent; 3] = [
        || flowing(FRESH, LONG.to_vec()),
        || flowing(&[("cache-control", "max-age=60"), ("content-length", "10")], LONG.to_vec()),
        || sent(200, FRESH, "0123456789"),
    ];
    for case in cases {
        let layer = Rfc9111Layer::new().max_body(9);
        let site = Site::of(layer, move |_, _| Box::pin(ready(Ok(case()))));
        assert_eq!(site.get("/", &[]).await.body(), "0123456789");
        assert_eq!(site.get("/", &[]).await.body(), "0123456789");
        assert_eq!(site.calls(), 2);
    }
}

#[tokio::test]
async fn an_endless_body_is_sent_from_its_first_byte_on() {
    let site = Site::new(|_, _| {
        let tick = stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(b"tick "))));
        sent(200, FRESH, "").map(|_| StreamBody::new(tick).boxed_unsync())
    });
    let mut endless = within(site.begin("GET", "/", &[])).await.unwrap();
    // Another one does not wait for an end that never comes.
    let mut other = within(site.begin("GET", "/", &[])).await.unwrap();
    let frame = within(other.0.body_mut().frame()).await.unwrap().unwrap();
    assert!(frame.is_data());
    drop(other);
    for _ in 0..(3 << 20) / 5 {
        let frame = endless.0.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "tick ");
    }
    drop(endless);
    let head = within(site.send("HEAD", "/", &[])).await;
    assert_eq!((head.body(), head.field("content-length")), ("", ""));
    assert_eq!(site.calls(), 3);
}

#[tokio::test]
async fn behind_the_back_of_a_reader_a_flowing_body_is_read_and_kept() {
    let lines: Lines<'_> = &[("cache-control", "max-age=10, stale-while-revalidate=60")];
    let site = Site::new(move |_, number| {
        flowing(lines, vec![Ok(if number == 1 { "old" } else { "new " }), Ok("page")])
    });
    assert_eq!(site.get("/", &[]).await.body(), "oldpage");
    site.pass(15);
    within(async {
        while site.get("/", &[]).await.body() == "oldpage" {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(site.get("/", &[]).await.body(), "new page");
}

/// A chunk that is made as long as something is held.
fn chunk(_held: &Arc<()>) -> Bytes {
    Bytes::from_static(&[0; 16 << 10])
}

#[tokio::test]
async fn behind_the_back_of_a_reader_no_endless_body_is_read() {
    let lines: Lines<'_> = &[("cache-control", "max-age=1, stale-while-revalidate=60")];
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let site = Site::new(move |_, number| {
        if number == 1 {
            return sent(200, lines, "first");
        }
        let held = Arc::clone(&inside);
        let chunks = stream::repeat_with(move || Ok(Frame::data(chunk(&held))));
        // The second may be stored, were it not too long; the third may not.
        let lines = if number == 2 { lines } else { &[("cache-control", "private")] };
        sent(200, lines, "").map(|_| StreamBody::new(chunks).boxed_unsync())
    });
    site.get("/", &[]).await;
    for call in 2..=3 {
        site.pass(5);
        assert_eq!(site.get("/", &[]).await.body(), "first");
        site.until_called(call).await;
        within(async {
            while Arc::strong_count(&held) > 2 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn trailers_go_through_and_are_not_kept() {
    let site = Site::new(|_, _| {
        let trailers =
            HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("1"))]);
        let frames = [Ok(Frame::data(Bytes::from_static(b"one"))), Ok(Frame::trailers(trailers))];
        sent(200, FRESH, "").map(|_| StreamBody::new(stream::iter(frames)).boxed_unsync())
    });
    let trailers =
        |began: Began| async { began.0.into_body().collect().await.unwrap().trailers().cloned() };
    let first = trailers(site.begin("GET", "/", &[]).await.unwrap()).await;
    assert_eq!(first.unwrap()["x-sum"], "1");
    assert_eq!(trailers(site.begin("GET", "/", &[]).await.unwrap()).await, None);
    assert_eq!(site.calls(), 1);
}
