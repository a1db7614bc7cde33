//! Handlers as users write them: return types that are `impl Trait`, arguments that move, names that
//! are taken. Each compiles without a warning, and is cached.

use std::convert::Infallible;
use std::fmt::Display;

use axum::Router;
use axum::extract::{OriginalUri, Path, Query, RawQuery, State};
use axum::http::{Method, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use cached_runtime::testing;
use cached_web::axum::cached_response;
use serde::Deserialize;

use crate::block_on;
use crate::early::{asked, was};

#[derive(Clone, Deserialize)]
struct Page {
    page: String,
}

/// Asks a handler twice.
fn is_cached(handler: axum::routing::MethodRouter, body: &str) {
    block_on(testing::isolated_async(async {
        let router = Router::new().route("/{id}", handler);
        let [first, second] = asked(&router, ["/7?page=a", "/7?page=a"]).await;
        assert_eq!([first, second], [was("miss", body), was("hit", body)]);
    }));
}

/// A response that a type is told of by nothing else.
trait Greet<T>: IntoResponse {}

struct Greeting(String);

impl<T> Greet<T> for Greeting {}

impl IntoResponse for Greeting {
    fn into_response(self) -> axum::response::Response {
        self.0.into_response()
    }
}

struct Shelf<T>(T);

impl<T: Display + Send + Sync + 'static> Shelf<T> {
    #[cached_response]
    async fn show(Path(id): Path<u8>) -> Result<impl IntoResponse, Refused<T>> {
        if id == 0 { Err(Refused(None)) } else { Ok(id.to_string()) }
    }
}

struct Refused<T>(Option<Shelf<T>>);

impl<T: Display> IntoResponse for Refused<T> {
    fn into_response(self) -> axum::response::Response {
        self.0.map_or_else(String::new, |Shelf(text)| text.to_string()).into_response()
    }
}

#[test]
fn a_return_type_may_be_hidden() {
    #[cached_response]
    async fn captures() -> impl IntoResponse + use<> {
        "captures"
    }
    #[cached_response]
    async fn parts() -> Result<([(&'static str, String); 1], impl IntoResponse), Infallible> {
        Ok(([("x-a", "b".to_owned())], "parts"))
    }
    #[cached_response]
    async fn generic<T: Default + Display + Send, const N: usize>()
    -> Result<impl Greet<T>, Infallible> {
        Ok(Greeting(T::default().to_string().repeat(N)))
    }
    is_cached(get(generic::<u8, 2>), "00");
    is_cached(get(captures), "captures");
    is_cached(get(parts), "parts");
    is_cached(get(Shelf::<u8>::show), "7");
}

#[test]
fn an_identity_of_several_parts_moves_nothing() {
    #[cached_response(per = (page.page, (id, request.path())))]
    async fn owned(Path(id): Path<String>, Query(page): Query<Page>) -> String {
        [id, page.page].concat()
    }
    is_cached(get(owned), "7a");
}

#[test]
fn a_handler_may_have_as_many_arguments_as_clippy_allows() {
    #[cached_response]
    async fn seven(
        State(()): State<()>,
        Path(id): Path<u8>,
        Query(page): Query<Page>,
        RawQuery(query): RawQuery,
        uri: Uri,
        OriginalUri(original): OriginalUri,
        method: Method,
    ) -> String {
        assert!(uri == original && method == Method::GET);
        format!("{id} {} {query:?}", page.page)
    }
    is_cached(get(seven), "7 a Some(\"page=a\")");
}

/// A framework's attribute makes a unit struct of a handler, which no `let` can have the name of.
mod of_the_name_of_the_request {
    use cached_runtime::testing;
    use cached_web::poem::cached_response;
    use poem::{Endpoint as _, Request, handler};

    use crate::block_on;

    #[cached_response(unless = request.path() == "/none", tags("page:{request.path()}"))]
    #[handler]
    async fn request() -> String {
        "page".to_owned()
    }

    #[cached_response(key = "{request.path()}", refresh = request.query().is_empty())]
    #[handler]
    fn beside() -> String {
        "beside".to_owned()
    }

    #[test]
    fn poem() {
        block_on(testing::isolated_async(async {
            for is_hit in [false, true] {
                for body in ["page", "beside"] {
                    let uri = http::Uri::from_static("/?a");
                    let asked = Request::builder().uri(uri).finish();
                    let answer = match body {
                        "page" => request.get_response(asked).await,
                        _ => beside.get_response(asked).await,
                    };
                    let status = answer.headers()["cache-status"].to_str().unwrap().to_owned();
                    assert_eq!(status.contains("; hit"), is_hit, "{body}: {status}");
                    assert_eq!(answer.into_body().into_string().await.unwrap(), body);
                }
            }
        }));
    }
}

/// Rocket's handlers need not be async, and then write lifetimes as other functions do.
mod borrowing {
    use cached_runtime::testing;
    use cached_web::rocket::{RequestInfo, cached_response};
    use rocket::http::CookieJar;
    use rocket::http::uri::Origin;
    use rocket::local::blocking::Client;
    use rocket::response::Responder;
    use rocket::{get, routes};

    #[cached_response(skip(jar))]
    #[get("/jar")]
    fn jar(jar: &CookieJar, origin: &Origin) -> String {
        format!("{} {}", jar.iter().count(), origin.path())
    }

    #[cached_response]
    #[get("/info")]
    fn info(info: RequestInfo) -> String {
        format!("{info:?}")
    }

    #[cached_response]
    #[get("/hidden/<text>")]
    fn hidden(text: &str) -> impl Responder<'_, 'static> {
        text.to_owned()
    }

    #[test]
    fn rocket() {
        testing::isolated(|| {
            let config = rocket::Config {
                log_level: rocket::config::LogLevel::Off,
                ..rocket::Config::debug_default()
            };
            let site = rocket::custom(config).mount("/", routes![jar, info, hidden]);
            let client = Client::untracked(site).expect("a site");
            for found in ["; fwd=uri-miss; stored", "; hit"] {
                for (page, body) in [
                    ("/jar", "0 /jar"),
                    ("/info", "RequestInfo { method: GET, uri: /info, fields: [] }"),
                    ("/hidden/a", "a"),
                ] {
                    let answer = client.get(page).dispatch();
                    let status = answer.headers().get_one("cache-status").unwrap_or_default();
                    assert!(status.contains(found), "{page}: {status}");
                    assert_eq!(answer.into_string().as_deref(), Some(body));
                }
            }
        });
    }
}
