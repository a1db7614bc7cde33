//! The fields of a response, kept as they are, but for those of the connection.

use crate::outcome::{hit, stored};
use crate::script::Reply;
use crate::site::{Adapter, Site};

pub async fn lines_keep_their_order(site: &Site) {
    let page = site.page_of("plain", |run| {
        let reply = Reply::run(run).field("x-a", "1").field("link", "</a>");
        reply.field("x-a", "3").field("link", "</b>, </c>").field("x-a", "2").field("x-a", "1")
    });
    for _ in 0..2 {
        let mut raw = page.raw().await;
        raw.send("GET", &page.path(), "").await;
        let head = raw.head().await;
        assert_eq!(head.lines("x-a"), [b"1", b"3", b"2", b"1"], "{head:?}");
        assert_eq!(head.lines("link"), [&b"</a>"[..], b"</b>, </c>"], "{head:?}");
    }
    assert_eq!(page.runs(), 1);
}

pub async fn bytes_stay_bytes(site: &Site) {
    // Fields of rocket are texts.
    let is_text = site.adapter == Adapter::Rocket;
    let value: &[u8] =
        if is_text { "gr\u{fc}n \u{20ac}".as_bytes() } else { b"gr\xfcn \x80\xff\t!" };
    let page = site.page_of("plain", move |run| Reply::run(run).field("x-a", value));
    for _ in 0..2 {
        let mut raw = page.raw().await;
        raw.send("GET", &page.path(), "").await;
        assert_eq!(raw.head().await.lines("x-a"), [value]);
    }
    assert_eq!(page.runs(), 1);
}

pub async fn bodies_stay_bytes(site: &Site) {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let sent = bytes.clone();
    let page = site.page_of("plain", move |_| Reply::new(sent.clone()));
    for _ in 0..2 {
        let answer = page.get().send().await;
        assert!(answer.body == bytes, "{} bytes of {}", answer.body.len(), bytes.len());
    }
    assert_eq!(page.runs(), 1);
}

pub async fn empty_bodies_and_values_are_kept(site: &Site) {
    let page = site.page_of("plain", |_| Reply::new("").field("x-a", ""));
    for turn in ["first", "second"] {
        let answer = page.get().send().await;
        assert!(answer.body.is_empty(), "{turn}: {answer:?}");
        assert_eq!(answer.field("content-length"), Some("0"), "{turn}: {answer:?}");
        assert_eq!(answer.field("x-a"), Some(""), "{turn}: {answer:?}");
    }
    assert_eq!(page.runs(), 1);
}

pub async fn what_describes_the_page_is_kept(site: &Site) {
    let fields = [
        ("content-type", "text/x-a; charset=\"q\""),
        ("content-language", "de"),
        ("content-location", "/a"),
        ("content-disposition", "attachment"),
        ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "default-src 'self'"),
        ("access-control-allow-origin", "*"),
    ];
    let page = site.page_of("plain", move |run| {
        fields.iter().fold(Reply::run(run), |reply, (name, value)| reply.field(name, value))
    });
    let (first, second) = (stored!(page.get(), 1), hit!(page.get(), 1));
    for (name, value) in fields {
        assert_eq!(second.field(name), Some(value), "{second:?}");
        assert_eq!(first.field(name), Some(value), "{first:?}");
    }
}

pub async fn fields_of_the_connection_are_not_kept(site: &Site) {
    let page = site.page_of("plain", |run| {
        let reply = Reply::run(run).field("connection", "X-Hop, x-other").field("x-hop", "1");
        let reply = reply.field("x-other", "1").field("keep-alive", "timeout=5");
        reply.field("proxy-connection", "x").field("te", "x").field("x-a", "1")
    });
    stored!(page.get(), 1);
    let answer = hit!(page.get(), 1);
    for name in ["x-hop", "x-other", "keep-alive", "proxy-connection", "te"] {
        assert_eq!(answer.lines(name).len(), 0, "{name}: {answer:?}");
    }
    assert_eq!(answer.field("x-a"), Some("1"));
    let connection = answer.field("connection").unwrap_or_default();
    assert!(!connection.to_ascii_lowercase().contains("x-hop"), "{answer:?}");
}

/// A hit is framed by the server that sends it, once.
pub async fn hits_have_one_length(site: &Site) {
    let page = site.page("plain");
    for _ in 0..3 {
        let mut raw = page.raw().await;
        raw.send("GET", &page.path(), "connection: close\r\n").await;
        let head = raw.head().await;
        assert_eq!((head.length(), head.lines("transfer-encoding").len()), (5, 0), "{head:?}");
        assert_eq!(raw.read_to_end().await, b"run 1");
        assert_eq!(head.lines("date").len(), 1, "{head:?}");
    }
}

/// What older clients understand is what they get.
pub async fn older_clients_are_served(site: &Site) {
    let page = site.page("plain");
    stored!(page.get().field("host", "site"), 1);
    let mut raw = page.raw().await;
    raw.write(format!("GET {} HTTP/1.0\r\nHost: site\r\n\r\n", page.path()).as_bytes()).await;
    let head = raw.head().await;
    assert_eq!(head.length(), 5, "{head:?}");
    assert_eq!(raw.body(5).await, b"run 1");
    assert_eq!(page.runs(), 1);
}
