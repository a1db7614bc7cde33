//! `CacheLayer` as the middleware of each framework that has one of its own: what is kept, who renews it,
//! and what answers where that fails. `cargo test -p cached-web --features poem --test layer`.

#![cfg(any(feature = "actix", feature = "poem", feature = "salvo"))]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use cached_runtime::testing;
use cached_web::CacheLayer;

/// A page that says how often it was made, or fails.
#[derive(Clone, Default)]
struct Page(Arc<Made>);

#[derive(Default)]
struct Made {
    runs: AtomicU32,
    is_broken: AtomicBool,
}

impl Page {
    /// Its status and its text. Whoever asks on a condition is told that nothing has changed.
    fn make(&self, has_condition: bool) -> (u16, String) {
        let runs = self.0.runs.fetch_add(1, Ordering::SeqCst) + 1;
        match () {
            () if self.0.is_broken.load(Ordering::SeqCst) => (500, "broken".to_owned()),
            () if has_condition => (304, String::new()),
            () => (200, runs.to_string()),
        }
    }

    fn runs(&self) -> u32 {
        self.0.runs.load(Ordering::SeqCst)
    }
}

/// Pages stay for a minute, for another one while they are renewed, and for an hour in place of a failure.
fn layer() -> CacheLayer {
    CacheLayer::new(60).stale(60).stale_if_error(Duration::from_secs(3600))
}

/// Asks for pages: `ask` is given a target and an `If-None-Match`, and gives status and body. `stale` is
/// what the one gets who finds a page that is to be renewed.
async fn visit(
    page: Page,
    ask: impl AsyncFn(&'static str, Option<&'static str>) -> (u16, String),
    stale: &str,
) {
    let made = |count: &str| (200, count.to_owned());
    let get = async |target| ask(target, None).await;
    let pass = |seconds| testing::clock().advance(Duration::from_secs(seconds));

    // A condition is for what is kept.
    assert_eq!(ask("/page?b=2&a=1", Some("\"other\"")).await, made("1"));
    assert_eq!(get("/page?a=1&b=2").await, made("1"));
    assert_eq!(ask("/page?b=2&a=1", Some("*")).await, (304, String::new()));
    assert_eq!(get("/page?a=2").await, made("2"));
    assert_eq!(get("/none").await.0, 404);

    pass(90);
    assert_eq!(ask("/page?a=1&b=2", Some("\"other\"")).await, made(stale));
    testing::settle_async().await;
    assert_eq!(get("/page?a=1&b=2").await, made("3"));

    pass(150);
    assert_eq!(get("/page?a=1&b=2").await, made("4"));

    // What failed is left alone for ten seconds.
    page.0.is_broken.store(true, Ordering::SeqCst);
    pass(90);
    for runs in [5, 5, 6] {
        assert_eq!(get("/page?a=1&b=2").await, made("4"));
        testing::settle_async().await;
        assert_eq!(page.runs(), runs);
        pass(6);
    }
    page.0.is_broken.store(false, Ordering::SeqCst);
    pass(600);
    assert_eq!(get("/page?a=1&b=2").await, made("7"));
}

/// Runs a test with caches and a clock of its own.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(testing::isolated_async(test));
}

#[cfg(feature = "actix")]
#[test]
fn a_middleware_of_actix() {
    use actix_web::http::{StatusCode, header};
    use actix_web::{App, HttpRequest, HttpResponse, test, web};

    run(async {
        let page = Page::default();
        let goal = page.clone();
        let answer = web::get().to(move |request: HttpRequest| {
            let (status, text) = goal.make(request.headers().contains_key(header::IF_NONE_MATCH));
            let status = StatusCode::from_u16(status).expect("a status");
            std::future::ready(HttpResponse::build(status).body(text))
        });
        let app = App::new().wrap(layer()).route("/page", answer);
        let app = test::init_service(app).await;
        let ask = async |target, condition: Option<&'static str>| {
            let request = test::TestRequest::with_uri(target);
            let lines = condition.map(|tag| (header::IF_NONE_MATCH, tag));
            let request = lines.into_iter().fold(request, test::TestRequest::append_header);
            let response = test::call_service(&app, request.to_request()).await;
            let status = response.status().as_u16();
            let body = test::read_body(response).await;
            (status, String::from_utf8_lossy(&body).into_owned())
        };
        visit(page, ask, "3").await;
    });
}

/// A body that no field announces, as HTTP/2 allows.
#[cfg(feature = "actix")]
#[test]
fn a_body_that_is_not_announced_is_seen_by_the_middleware_of_actix() {
    use actix_web::dev::Payload;
    use actix_web::{App, test, web};
    use futures_util::{StreamExt as _, stream};

    run(async {
        let answer = web::get().to(async |body: String| body);
        let app = test::init_service(App::new().wrap(layer()).route("/", answer)).await;
        let ask = async |chunks: &[&'static str], is_late: bool| {
            let chunks: Vec<_> = chunks.iter().map(|text| Ok(web::Bytes::from(*text))).collect();
            let chunks = stream::iter(chunks).then(move |chunk| async move {
                if is_late {
                    tokio::task::yield_now().await;
                }
                chunk
            });
            let request = test::TestRequest::with_uri("/").to_request();
            let payload: Payload = Payload::Stream { payload: Box::pin(chunks) };
            let (request, _) = request.replace_payload(payload);
            let response = test::call_service(&app, request).await;
            let status = response.headers().get("cache-status").cloned().expect("it says so");
            let body = test::read_body(response).await;
            (status.to_str().expect("text").to_owned(), body)
        };
        let bypassed = "cached-web; fwd=bypass; detail=body".to_owned();
        for is_late in [false, true] {
            assert_eq!(ask(&["a", "b"], is_late).await, (bypassed.clone(), "ab".into()));
        }
        let (status, body) = ask(&[], false).await;
        assert!(status.ends_with("stored") && body.is_empty(), "{status}");
        assert_eq!(ask(&["c"], false).await, (bypassed, "c".into()));
    });
}

#[cfg(feature = "poem")]
#[test]
fn a_middleware_of_poem() {
    use poem::http::{StatusCode, Uri, header};
    use poem::{Endpoint as _, EndpointExt as _, Request, Response, Route, endpoint::make_sync};

    run(async {
        let page = Page::default();
        let goal = page.clone();
        let answer = make_sync(move |request| {
            let (status, text) = goal.make(request.headers().contains_key(header::IF_NONE_MATCH));
            Response::builder().status(StatusCode::from_u16(status).expect("a status")).body(text)
        });
        let app = Route::new().at("/page", answer).with(layer());
        let ask = async |target, condition: Option<&'static str>| {
            let request = Request::builder().uri(Uri::from_static(target));
            let request = match condition {
                Some(tag) => request.header(header::IF_NONE_MATCH, tag),
                None => request,
            };
            let response = app.get_response(request.finish()).await;
            let status = response.status().as_u16();
            (status, response.into_body().into_string().await.expect("it is text"))
        };
        visit(page, ask, "1").await;
    });
}

#[cfg(feature = "salvo")]
mod of_salvo {
    use salvo::http::header::{HeaderValue, IF_NONE_MATCH};
    use salvo::http::uri::Uri;
    use salvo::http::{ResBody, StatusCode, StatusError};
    use salvo::{Depot, FlowCtrl, Handler, Request, Response, Writer, async_trait};

    use super::{Arc, Page, layer, run, visit};

    #[derive(Clone)]
    struct Goal(Page);

    #[async_trait]
    impl Handler for Goal {
        async fn handle(
            &self,
            req: &mut Request,
            depot: &mut Depot,
            res: &mut Response,
            _: &mut FlowCtrl,
        ) {
            if req.uri().path() != "/page" {
                return StatusError::not_found().write(req, depot, res).await;
            }
            let (status, text) = self.0.make(req.headers().contains_key(IF_NONE_MATCH));
            res.status_code(StatusCode::from_u16(status).expect("a status"));
            text.write(req, depot, res).await;
        }
    }

    #[test]
    fn a_hoop_of_salvo() {
        run(async {
            let page = Page::default();
            let (cache, goal) = (layer(), Goal(page.clone()));
            let ask = async |target, condition: Option<&'static str>| {
                let (mut req, mut res) = (Request::new(), Response::new());
                *req.uri_mut() = Uri::from_static(target);
                if let Some(tag) = condition {
                    req.headers_mut().insert(IF_NONE_MATCH, HeaderValue::from_static(tag));
                }
                let mut flow = FlowCtrl::new(vec![Arc::new(goal.clone())]);
                cache.handle(&mut req, &mut Depot::new(), &mut res, &mut flow).await;
                let has_condition = req.headers().contains_key(IF_NONE_MATCH);
                assert_eq!(has_condition, condition.is_some(), "hoops before it see the request");
                let status = res.status_code.expect("something was written").as_u16();
                let body = match &res.body {
                    ResBody::Once(body) => String::from_utf8_lossy(body).into_owned(),
                    _ => String::new(),
                };
                (status, body)
            };
            visit(page, ask, "3").await;
        });
    }

    /// What takes the place of a page that no route has, as hoops of a service do.
    struct Fallback;

    #[async_trait]
    impl Handler for Fallback {
        async fn handle(
            &self,
            _: &mut Request,
            _: &mut Depot,
            res: &mut Response,
            _: &mut FlowCtrl,
        ) {
            if res.status_code == Some(StatusCode::NOT_FOUND) {
                res.render("nothing here");
            }
        }
    }

    #[test]
    fn what_is_behind_a_hoop_knows_what_was_to_be_sent_without_it() {
        run(async {
            for is_kept in [true, false] {
                let (mut req, mut res) = (Request::new(), Response::new());
                if !is_kept {
                    req.headers_mut().insert("cookie", HeaderValue::from_static("a=b"));
                }
                res.status_code = Some(StatusCode::NOT_FOUND);
                res.headers.insert("x-before", HeaderValue::from_static("1"));
                let mut flow = FlowCtrl::new(vec![Arc::new(Fallback)]);
                layer().handle(&mut req, &mut Depot::new(), &mut res, &mut flow).await;
                assert_eq!(res.status_code, Some(StatusCode::NOT_FOUND));
                assert!(matches!(&res.body, ResBody::Once(body) if body == "nothing here"));
                assert!(res.headers.contains_key("x-before"));
                assert!(res.headers.contains_key("cache-status"));
            }
        });
    }
}
