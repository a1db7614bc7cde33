//! Cookies that a framework sends beside the response, where its fields do not show them.

use std::sync::atomic::{AtomicU32, Ordering};

use cached_runtime::testing;
use cached_web::rocket::cached_response;
use rocket::http::CookieJar;
use rocket::local::blocking::Client;
use rocket::response::{self, Flash, Responder};
use rocket::{Request, get, routes};

static RUNS: AtomicU32 = AtomicU32::new(0);

fn run() -> u32 {
    RUNS.fetch_add(1, Ordering::Relaxed) + 1
}

/// Sets a cookie when it is made a response, which no signature shows.
struct Session(u32);

impl<'r> Responder<'r, 'static> for Session {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        request.cookies().add(("session", self.0.to_string()));
        self.0.to_string().respond_to(request)
    }
}

#[cached_response]
#[get("/responder")]
fn responder() -> Session {
    Session(run())
}

#[cached_response]
#[get("/flash")]
fn flash() -> Flash<String> {
    Flash::success(run().to_string(), "done")
}

#[cached_response(skip(jar))]
#[get("/jar")]
fn jar(jar: &CookieJar<'_>) -> String {
    jar.add(("visits", "1"));
    run().to_string()
}

#[cached_response(skip(jar))]
#[get("/reads")]
fn reads(jar: &CookieJar<'_>) -> String {
    assert_eq!(jar.iter().count(), 0);
    run().to_string()
}

#[test]
fn rocket_keeps_no_response_that_a_cookie_goes_with() {
    testing::isolated(|| {
        let site = rocket::custom(rocket::Config {
            log_level: rocket::config::LogLevel::Off,
            ..rocket::Config::debug_default()
        })
        .mount("/", routes![responder, flash, jar, reads]);
        let client = Client::untracked(site).expect("a site");
        let ask = |page: &'static str| {
            let answer = client.get(page).dispatch();
            let status = answer.headers().get_one("cache-status").unwrap_or_default().to_owned();
            (answer.headers().get_one("set-cookie").is_some(), status, answer.into_string())
        };
        for page in ["/responder", "/flash", "/jar"] {
            let (first, second) = (ask(page), ask(page));
            for (sets_cookie, status, _) in [&first, &second] {
                assert!(*sets_cookie && status.ends_with("detail=set-cookie"), "{page}: {status}");
            }
            assert_ne!(first.2, second.2, "{page}");
        }
        let (first, second) = (ask("/reads"), ask("/reads"));
        assert!(first.1.ends_with("stored") && second.1.contains("hit"), "{first:?} {second:?}");
    });
}

/// Salvo takes a cookie back only where it knows that the request brought it.
mod removed {
    use std::sync::Arc;

    use cached_runtime::testing;
    use cached_web::CacheLayer;
    use salvo::http::uri::Scheme;
    use salvo::http::{ReqBody, header};
    use salvo::{Depot, FlowCtrl, Handler as _, Request, Response, handler};

    use crate::block_on;

    #[handler]
    async fn leave(res: &mut Response) {
        res.remove_cookie("session");
        res.render("left");
    }

    #[test]
    fn salvo_takes_cookies_back_behind_a_layer() {
        let layers = [CacheLayer::new(60), CacheLayer::new(60).ignore_credentials()];
        block_on(testing::isolated_async(async {
            for layer in layers {
                for method in ["GET", "POST"] {
                    let request = http::Request::builder().method(method).uri("/");
                    let request = request.header(header::COOKIE, "session=1").body(ReqBody::None);
                    let mut req = Request::from_hyper(request.unwrap(), Scheme::HTTP);
                    let mut res = Response::with_cookies(req.cookies().clone());
                    let mut flow = FlowCtrl::new(vec![Arc::new(leave)]);
                    layer.handle(&mut req, &mut Depot::new(), &mut res, &mut flow).await;
                    let status = res.headers["cache-status"].to_str().unwrap().to_owned();
                    assert!(!status.contains("stored"), "{method}: {status}");
                    let answer = res.into_hyper();
                    let removed = answer.headers()[header::SET_COOKIE].to_str().unwrap();
                    assert!(removed.starts_with("session=;"), "{method}: {removed}");
                }
            }
        }));
    }
}
