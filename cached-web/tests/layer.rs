//! `CacheLayer` as the middleware of each framework that has one of its own: what is kept, and who
//! renews it. `cargo test -p cached-web --features poem --test layer`.

#![cfg(any(feature = "actix", feature = "poem", feature = "salvo"))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cached_runtime::testing;
use cached_web::CacheLayer;

/// A page that says how often it was made.
#[derive(Clone, Default)]
struct Page(Arc<AtomicU32>);

impl Page {
    fn make(&self) -> String {
        (self.0.fetch_add(1, Ordering::SeqCst) + 1).to_string()
    }
}

/// Pages stay for a minute, and for another one while they are renewed.
fn layer() -> CacheLayer {
    CacheLayer::new(60).stale(60)
}

/// Asks for pages: `ask` gives status and body. `stale` is what the one gets who finds a page that is
/// to be renewed.
async fn visit(ask: impl AsyncFn(&'static str) -> (u16, String), stale: &str) {
    let made = |count: &str| (200, count.to_owned());
    assert_eq!(ask("/page?b=2&a=1").await, made("1"));
    assert_eq!(ask("/page?a=1&b=2").await, made("1"));
    assert_eq!(ask("/page?a=2").await, made("2"));
    assert_eq!(ask("/none").await.0, 404);

    testing::clock().advance(Duration::from_secs(90));
    assert_eq!(ask("/page?a=1&b=2").await, made(stale));
    testing::settle_async().await;
    assert_eq!(ask("/page?a=1&b=2").await, made("3"));

    testing::clock().advance(Duration::from_secs(150));
    assert_eq!(ask("/page?a=1&b=2").await, made("4"));
}

/// Runs a test with caches and a clock of its own.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(testing::isolated_async(test));
}

#[cfg(feature = "actix")]
#[test]
fn a_middleware_of_actix() {
    use actix_web::{App, test, web};

    run(async {
        let page = Page::default();
        let answer = web::get().to(move || std::future::ready(page.make()));
        let app = App::new().wrap(layer()).route("/page", answer);
        let app = test::init_service(app).await;
        let ask = async |target| {
            let request = test::TestRequest::with_uri(target).to_request();
            let response = test::call_service(&app, request).await;
            let status = response.status().as_u16();
            let body = test::read_body(response).await;
            (status, String::from_utf8_lossy(&body).into_owned())
        };
        visit(ask, "3").await;
    });
}

#[cfg(feature = "poem")]
#[test]
fn a_middleware_of_poem() {
    use poem::http::Uri;
    use poem::{Endpoint as _, EndpointExt as _, Request, Route, endpoint::make_sync};

    run(async {
        let page = Page::default();
        let app = Route::new().at("/page", make_sync(move |_| page.make())).with(layer());
        let ask = async |target| {
            let request = Request::builder().uri(Uri::from_static(target)).finish();
            let response = app.get_response(request).await;
            let status = response.status().as_u16();
            (status, response.into_body().into_string().await.expect("it is text"))
        };
        visit(ask, "1").await;
    });
}

#[cfg(feature = "salvo")]
#[test]
fn a_hoop_of_salvo() {
    use salvo::http::StatusError;
    use salvo::http::uri::Uri;
    use salvo::{Depot, FlowCtrl, Handler, Request, Response, Writer, async_trait};

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
            match req.uri().path() {
                "/page" => self.0.make().write(req, depot, res).await,
                _ => StatusError::not_found().write(req, depot, res).await,
            }
        }
    }

    run(async {
        let (cache, goal) = (layer(), Goal(Page::default()));
        let ask = async |target| {
            let (mut req, mut res) = (Request::new(), Response::new());
            *req.uri_mut() = Uri::from_static(target);
            let mut flow = FlowCtrl::new(vec![Arc::new(goal.clone())]);
            cache.handle(&mut req, &mut Depot::new(), &mut res, &mut flow).await;
            let status = res.status_code.expect("something was written").as_u16();
            let body = match &res.body {
                salvo::http::ResBody::Once(body) => String::from_utf8_lossy(body).into_owned(),
                _ => String::new(),
            };
            (status, body)
        };
        visit(ask, "3").await;
    });
}
