//! Bodies: of unknown length, endless, broken off, over the limit. None is held back, nor kept cut off.

use crate::raw::Raw;
use crate::script::{Part, Reply};
use crate::site::{Page, Site};

/// Routes that treat bodies of unknown length in different ways.
const ROUTES: [&str; 3] = ["plain", "small", "copied"];

pub async fn one_of_unknown_length_passes(site: &Site) {
    let page = site.page_of("plain", |_| flow(&[Part::Bytes(400), Part::Bytes(600)]));
    for run in 1..3 {
        let answer = page.get().send().await;
        assert_eq!((answer.body.len(), page.runs()), (1000, run));
        assert!(!answer.says("stored") && !answer.says("hit"), "{answer:?}");
    }
}

pub async fn one_of_unknown_length_is_copied_on_request(site: &Site) {
    let page =
        site.page_of("copied", |_| flow(&[Part::Bytes(400), Part::Bytes(600)]).field("x-a", "1"));
    for turn in ["first", "second"] {
        let answer = page.get().send().await;
        assert_eq!((answer.body.len(), page.runs()), (1000, 1), "{turn}: {answer:?}");
        assert_eq!(answer.field("x-a"), Some("1"), "{turn}: {answer:?}");
        assert_eq!(answer.says("hit"), turn == "second", "{answer:?}");
    }
}

pub async fn a_limit_is_kept_to(site: &Site) {
    for (route, length, is_kept) in [("small", 1000, true), ("small", 1001, false)] {
        let page = site.page_of(route, move |_| Reply::new(vec![b'x'; length]));
        let (first, second) = (page.get().send().await, page.get().send().await);
        assert_eq!((first.body.len(), second.body.len()), (length, length));
        assert_eq!((first.says("stored"), second.says("hit")), (is_kept, is_kept), "{first:?}");
    }
    // What is copied while it flows reaches the limit midway.
    for (length, is_kept) in [(500, true), (501, false), (100_000, false)] {
        let page = site.page_of("copied", move |_| flow(&[Part::Bytes(500), Part::Bytes(length)]));
        let (first, second) = (page.get().send().await, page.get().send().await);
        assert_eq!((first.body.len(), second.body.len()), (500 + length, 500 + length));
        assert_eq!((second.says("hit"), page.runs() == 1), (is_kept, is_kept), "{second:?}");
    }
}

pub async fn the_default_limit_is_two_mebibytes(site: &Site) {
    for (length, is_kept) in [(2 << 20, true), ((2 << 20) + 1, false)] {
        let page = site.page_of("plain", move |_| Reply::new(vec![b'x'; length]));
        let (first, second) = (page.get().send().await, page.get().send().await);
        assert!(first.body.len() == length && second.body.len() == length);
        assert_eq!(second.says("hit"), is_kept, "{length}");
    }
}

/// The client has the first bytes while the handler's body waits for something.
pub async fn the_first_byte_is_not_delayed(site: &Site) {
    for route in ROUTES {
        let page = site.page_of(route, |_| flow(&[Part::Bytes(5), Part::Gate, Part::Bytes(5)]));
        let mut raw = hold_after_first_byte(&page).await;
        page.script.hold(false);
        assert!(raw.read_to_end().await.windows(5).any(|bytes| bytes == b"xxxxx"), "{route}");
    }
}

/// One that is longer than the limit, and says so, is not held back either.
pub async fn the_first_byte_of_a_long_body_is_not_delayed(site: &Site) {
    let parts = &[Part::Bytes(5), Part::Gate, Part::Bytes(1995)];
    let page = site.page_of("small", move |_| flow(parts).field("content-length", "2000"));
    let mut raw = hold_after_first_byte(&page).await;
    page.script.hold(false);
    raw.read_to_end().await;
    assert!(!page.get().send().await.says("hit"));
}

/// An event stream, in which nothing happens after its first event.
pub async fn endless_streams_flow(site: &Site) {
    for route in ROUTES {
        let page = site.page_of(route, |_| {
            flow(&[Part::Bytes(5), Part::Gate]).field("content-type", "text/event-stream")
        });
        // Both at once, and nobody waits for the other's end, except for what is being copied.
        let first = hold_after_first_byte(&page).await;
        if route != "copied" {
            let second = hold_after_first_byte(&page).await;
            assert_eq!(page.runs(), 2, "{route}");
            drop(second);
        }
        drop(first);
    }
}

/// A stream that never ends, and never rests: it flows as long as somebody reads, and is not kept.
pub async fn endless_floods_flow(site: &Site) {
    for route in ROUTES {
        let page = site.page_of(route, |_| flow(&[Part::Endless(1000)]));
        for run in 1..3 {
            let mut raw = page.raw().await;
            raw.send("GET", &page.path(), "").await;
            assert_eq!(raw.head().await.status(), 200);
            let bytes = raw.body(1_000_000).await;
            assert!(bytes.windows(100).any(|bytes| bytes == [b'x'; 100]));
            assert_eq!(page.runs(), run, "{route}");
        }
    }
}

pub async fn what_breaks_off_is_not_kept(site: &Site) {
    for route in ROUTES {
        for length in [None, Some("20")] {
            let broken = move |_| {
                let reply = flow(&[Part::Bytes(10), Part::Break]);
                length
                    .into_iter()
                    .fold(reply, |reply, length| reply.field("content-length", length))
            };
            // Some servers let a client believe that this was all: without a cache as well as with one.
            let is_concealed = is_whole(&read_raw(&site.page_of("bare", broken)).await);
            let page = site.page_of(route, broken);
            for run in 1..3 {
                let answer = read_raw(&page).await;
                let text = String::from_utf8_lossy(&answer);
                assert!(is_concealed || !is_whole(&answer), "{route} {length:?}: {text}");
                assert_eq!(page.runs(), run, "{route} {length:?}: {text}");
            }
            // It does no harm to what comes after it.
            page.script.answers(Reply::run);
            let answer = page.get().field("host", "site").send().await;
            assert_eq!(answer.text(), "run 3", "{route} {length:?}: {answer:?}");
        }
    }
}

/// Asks for a page, and reads all that comes on the connection.
async fn read_raw(page: &Page<'_>) -> Vec<u8> {
    let mut raw = page.raw().await;
    raw.send("GET", &page.path(), "connection: close\r\n").await;
    raw.read_to_end().await
}

/// Whether a client takes this for a page with all of its body.
fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let is_success = head.starts_with("http/1.1 200");
    is_success
        && if head.contains("chunked") { body.ends_with("0\r\n\r\n") } else { body.len() == 20 }
}

/// A length that is not that of the body: whatever a client makes of it, it is not kept.
pub async fn a_length_that_lies_is_not_kept(site: &Site) {
    for route in ROUTES {
        for (length, parts) in [("20", [Part::Bytes(5); 2]), ("8", [Part::Bytes(5); 2])] {
            let page = site.page_of(route, move |_| flow(&parts).field("content-length", length));
            for run in 1..3 {
                read_raw(&page).await;
                assert_eq!(page.runs(), run, "{route}: 10 bytes that say they are {length}");
            }
            page.script.answers(Reply::run);
            let answer = page.get().field("host", "site").send().await;
            assert_eq!(answer.text(), "run 3", "{route}: {length}");
        }
    }
}

/// The client goes away in the middle. What it had so far is not the page.
pub async fn what_nobody_reads_to_its_end_is_not_kept(site: &Site) {
    let page = site.page_of("copied", |_| flow(&[Part::Bytes(5), Part::Gate, Part::Bytes(5)]));
    drop(hold_after_first_byte(&page).await);
    // Whoever comes next waits until the site knows that the first is gone, and then has a run.
    let next = page.get();
    let runs = async {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(1));
        while page.runs() < 2 {
            looks.tick().await;
        }
        page.script.hold(false);
    };
    let (answer, ()) = tokio::join!(next.send(), runs);
    assert_eq!((answer.body.len(), page.runs()), (10, 2), "{answer:?}");
    let again = page.get().send().await;
    assert!(again.says("hit") && again.body.len() == 10, "{again:?}");
}

pub async fn of_a_known_length_it_is_kept_however_it_comes(site: &Site) {
    let parts = &[Part::Bytes(5), Part::Bytes(5)];
    let page = site.page_of("copied", move |_| flow(parts).field("content-length", "10"));
    let (first, second) = (page.get().send().await, page.get().send().await);
    assert_eq!((first.body.len(), second.body.len(), page.runs()), (10, 10, 1), "{second:?}");
    assert_eq!(second.field("content-length"), Some("10"), "{second:?}");
}

fn flow(parts: &[Part]) -> Reply {
    Reply::new("").flow(parts)
}

/// Asks for a page whose body waits at the gate after its first five bytes, and reads these.
async fn hold_after_first_byte(page: &Page<'_>) -> Raw {
    // The handler itself does not wait.
    page.script.hold_bodies();
    let mut raw = page.raw().await;
    raw.send("GET", &page.path(), "connection: close\r\n").await;
    let head = raw.head().await;
    assert!(head.status() == 200 && !head.says("hit"), "{head:?}");
    let is_chunked = !head.lines("transfer-encoding").is_empty();
    let first = if is_chunked { &b"5\r\nxxxxx\r\n"[..] } else { b"xxxxx" };
    assert_eq!(raw.body(first.len()).await, first, "{head:?}");
    raw
}
