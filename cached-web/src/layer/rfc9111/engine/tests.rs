//! The layer around a scripted origin, with a clock that the tests turn.

#[cfg(feature = "axum")]
mod axum;
mod bodies;
mod flights;
mod storing;
mod validation;

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cached_runtime::ManualClock;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Rfc9111Body, Rfc9111Layer, Rfc9111Service};

type Lines<'l> = &'l [(&'static str, &'static str)];
type Sent = Response<UnsyncBoxBody<Bytes, &'static str>>;
type Answering = Pin<Box<dyn Future<Output = Result<Sent, &'static str>> + Send>>;
type Script = dyn Fn(&Request<Full<Bytes>>, usize) -> Answering + Send + Sync;

/// An origin that answers as its script says, and remembers what it was asked.
#[derive(Clone)]
struct Origin {
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Clone, Debug)]
struct Seen {
    method: Method,
    headers: HeaderMap,
}

impl Service<Request<Full<Bytes>>> for Origin {
    type Response = Sent;
    type Error = &'static str;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Answering {
        let number = {
            let mut seen = self.seen.lock().unwrap();
            let (method, headers) = (request.method().clone(), request.headers().clone());
            seen.push(Seen { method, headers });
            seen.len()
        };
        (self.script)(&request, number)
    }
}

/// A layer in front of an origin.
#[derive(Clone)]
struct Site {
    clock: ManualClock,
    origin: Origin,
    service: Rfc9111Service<Origin>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What a client got.
#[derive(Debug)]
struct Got {
    status: u16,
    headers: HeaderMap,
    /// None where it broke off.
    body: Option<String>,
}

impl Site {
    /// An origin that answers with what `script` gives for a request and its number, from 1.
    fn new(script: impl Fn(&Request<Full<Bytes>>, usize) -> Sent + Send + Sync + 'static) -> Self {
        Self::of(Rfc9111Layer::new(), move |request, number| {
            Box::pin(ready(Ok(script(request, number))))
        })
    }

    /// The same response each time, but for its body, which is the number of the request.
    fn same(lines: Lines<'static>) -> Self {
        Self::new(move |_, number| sent(200, lines, number.to_string()))
    }

    fn of(
        layer: Rfc9111Layer,
        script: impl Fn(&Request<Full<Bytes>>, usize) -> Answering + Send + Sync + 'static,
    ) -> Self {
        let (clock, seen) = (ManualClock::new(), Arc::default());
        let origin = Origin { script: Arc::new(script), seen: Arc::clone(&seen) };
        let service = layer.clock(clock.clone()).layer(origin.clone());
        Self { clock, origin, service, seen }
    }

    async fn get(&self, path: &str, lines: Lines<'_>) -> Got {
        self.send("GET", path, lines).await
    }

    async fn send(&self, method: &str, path: &str, lines: Lines<'_>) -> Got {
        self.begin(method, path, lines).await.expect("the origin does not fail").read().await
    }

    async fn begin(
        &self,
        method: &str,
        path: &str,
        lines: Lines<'_>,
    ) -> Result<Began, &'static str> {
        let mut request = Request::new(Full::default());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = path.parse().unwrap();
        if path.starts_with('/') {
            request.headers_mut().insert("host", HeaderValue::from_static("example.org"));
        }
        for (name, value) in lines {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        self.service.clone().call(request).await.map(Began)
    }

    fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// What the origin was asked last.
    fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().cloned().unwrap()
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Waits until the origin was called that often.
    async fn until_called(&self, times: usize) {
        within(async {
            while self.calls() < times {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// A response whose head has come.
struct Began(Response<Rfc9111Body<UnsyncBoxBody<Bytes, &'static str>>>);

impl Began {
    async fn read(self) -> Got {
        let (head, body) = self.0.into_parts();
        let body = body.collect().await.ok();
        let body = body.map(|body| String::from_utf8(body.to_bytes().to_vec()).unwrap());
        Got { status: head.status.as_u16(), headers: head.headers, body }
    }
}

impl Got {
    fn body(&self) -> &str {
        self.body.as_deref().expect("the body is whole")
    }

    fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn sent(status: u16, lines: Lines<'_>, body: impl Into<Bytes>) -> Sent {
    let mut response =
        Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status.try_into().unwrap();
    for (name, value) in lines {
        response.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    response
}

/// A bound on a wait, so that a fault fails a test instead of hanging it.
async fn within<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it came in time")
}

const FRESH: Lines<'static> = &[("cache-control", "max-age=60")];

#[tokio::test]
async fn a_fresh_response_answers_with_its_age_and_date() {
    let site = Site::same(&[("cache-control", "max-age=60"), ("age", "5"), ("x", "1"), ("x", "2")]);
    let first = site.get("/a?b=2&a=1", &[]).await;
    assert_eq!(
        (first.body(), first.field("cache-status")),
        ("1", "cached-web; fwd=uri-miss; stored")
    );
    site.pass(10);
    let second = site.get("/a?a=1&b=2", &[]).await;
    assert_eq!((second.status, second.body(), second.field("age")), (200, "1", "15"));
    assert_eq!(second.field("date"), "Sun, 13 Sep 2020 12:26:40 GMT");
    assert_eq!(second.field("cache-status"), "cached-web; hit; ttl=45");
    assert_eq!(second.headers.get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(site.get("/a?a=2&b=1", &[]).await.body(), "2");
    site.pass(45);
    assert_eq!(site.get("/a?a=1&b=2", &[]).await.body(), "3");
}

#[tokio::test]
async fn hosts_have_their_own_entries() {
    let site = Site::same(FRESH);
    assert_eq!(site.get("http://one/a", &[]).await.body(), "1");
    assert_eq!(site.get("http://two/a", &[]).await.body(), "2");
    assert_eq!(site.get("http://ONE/a", &[]).await.body(), "1");
}

#[tokio::test]
async fn head_and_get_share_an_entry() {
    let site = Site::same(FRESH);
    let head = site.send("HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body(), head.field("content-length")), (200, "", "1"));
    assert_eq!(site.last().method, Method::GET);
    let get = site.get("/", &[]).await;
    assert_eq!((get.body(), get.field("content-length")), ("1", "1"));
    let again = site.send("HEAD", "/", &[]).await;
    assert_eq!((again.body(), again.field("content-length"), again.field("age")), ("", "1", "0"));
    assert_eq!(site.calls(), 1);
}

#[tokio::test]
async fn head_of_what_is_not_stored_has_no_body_either() {
    let site = Site::same(&[("cache-control", "no-store")]);
    let head = site.send("HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body(), head.field("content-length")), (200, "", "1"));
    assert_eq!(site.get("/", &[]).await.body(), "2");
}

#[tokio::test]
async fn a_part_is_cut_from_a_whole_that_is_fresh() {
    let site = Site::new(|_, _| {
        sent(200, &[("cache-control", "max-age=60"), ("etag", "\"a\"")], "0123456789")
    });
    let passed = site.get("/", &[("range", "bytes=2-4")]).await;
    assert_eq!((passed.status, passed.body()), (200, "0123456789"), "the origin knows no ranges");
    assert_eq!(site.last().headers["range"], "bytes=2-4");
    site.get("/", &[]).await;
    let part = site.get("/", &[("range", "bytes=2-4"), ("if-range", "\"a\"")]).await;
    assert_eq!((part.status, part.body()), (206, "234"));
    assert_eq!((part.field("content-range"), part.field("content-length")), ("bytes 2-4/10", "3"));
    let missing = site.get("/", &[("range", "bytes=10-")]).await;
    assert_eq!((missing.status, missing.field("content-range")), (416, "bytes */10"));
    let whole = site.get("/", &[("range", "bytes=2-4"), ("if-range", "\"b\"")]).await;
    assert_eq!((whole.status, whole.body()), (200, "0123456789"));
    // Of a HEAD `Range` says nothing.
    for path in ["/", "/other"] {
        let head = site.send("HEAD", path, &[("range", "bytes=2-4")]).await;
        assert_eq!((head.status, head.body(), head.field("content-length")), (200, "", "10"));
    }
    assert_eq!((site.get("/other", &[]).await.body(), site.calls()), ("0123456789", 3));
}

#[tokio::test]
async fn clients_may_ask_for_what_is_newer_or_stored_only() {
    let site = Site::same(FRESH);
    let only = &[("cache-control", "only-if-cached")];
    assert_eq!(site.get("/", only).await.status, 504);
    site.get("/", &[]).await;
    assert_eq!(site.get("/", only).await.body(), "1");
    assert_eq!(site.get("/", &[("cache-control", "no-store")]).await.body(), "2");
    assert_eq!(site.get("/", &[]).await.body(), "1");
    let renewed = site.get("/", &[("cache-control", "no-cache")]).await;
    assert_eq!(renewed.field("cache-status"), "cached-web; fwd=request; stored");
    assert_eq!(site.get("/", &[]).await.body(), "3");
    assert_eq!(site.get("/", &[("pragma", "no-cache")]).await.body(), "4");
    site.pass(61);
    assert_eq!(site.get("/", &[("cache-control", "max-stale=5")]).await.body(), "4");
}

#[tokio::test]
async fn clients_have_no_say_where_they_are_not_to() {
    let layer = Rfc9111Layer::new().client_refresh(false);
    let site =
        Site::of(layer, |_, number| Box::pin(ready(Ok(sent(200, FRESH, number.to_string())))));
    site.get("/", &[]).await;
    for line in ["no-cache", "max-age=0", "min-fresh=100"] {
        let lines: Lines<'_> = &[("cache-control", line)];
        assert_eq!(site.get("/", lines).await.body(), "1", "{line}");
    }
    let unstored = &[("cache-control", "no-store")];
    assert_eq!(site.get("/", unstored).await.body(), "1");
    assert_eq!(site.get("/other", unstored).await.body(), "2");
    assert_eq!(site.get("/other", &[]).await.body(), "3", "it was not stored");
}

/// HTTP/2 names the host in the URI alone.
#[tokio::test]
async fn a_change_drops_what_its_answer_names_on_the_host_of_its_uri() {
    let site = Site::new(|request, number| match *request.method() {
        Method::POST => sent(303, &[("location", "/items")], ""),
        _ => sent(200, FRESH, number.to_string()),
    });
    let page = async |uri| site.get(uri, &[]).await.body().to_owned();
    assert_eq!(
        (page("https://a/items").await, page("https://b/items").await),
        ("1".into(), "2".into())
    );
    site.send("POST", "https://a/buy", &[]).await;
    assert_eq!(
        (page("https://a/items").await, page("https://b/items").await),
        ("4".into(), "2".into())
    );
}

#[tokio::test]
async fn a_targeted_field_takes_the_place_of_cache_control() {
    let site = Site::same(&[("cache-control", "no-store"), ("surrogate-control", "max-age=9")]);
    site.get("/", &[]).await;
    let hit = site.get("/", &[]).await;
    assert_eq!((hit.body(), hit.field("cache-control")), ("1", "no-store"));
    assert_eq!(site.last().headers["surrogate-capability"], "cached-web=\"Surrogate/1.0\"");
}

#[test]
fn the_service_and_its_bodies_go_wherever_those_inside_may_go() {
    fn is_send<T: Send>() {}
    fn is_free<T: Send + Sync + Unpin>() {}
    is_send::<Rfc9111Service<Origin>>();
    is_send::<Rfc9111Body<UnsyncBoxBody<Bytes, &'static str>>>();
    is_free::<Rfc9111Body<Full<Bytes>>>();
}
