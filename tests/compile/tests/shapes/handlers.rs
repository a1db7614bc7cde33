//! Handlers of axum: every kind of parameter, key and return type.

#![deny(warnings)]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::{Router, debug_handler, routing::get};
use cached_runtime::invalidates;
use cached_web::axum::{RequestInfo, cached_response};
use tower::ServiceExt as _;

#[derive(Clone, serde::Deserialize)]
pub struct Page {
    number: u32,
    sort: String,
}

#[derive(Clone)]
pub struct Db;

#[derive(Clone)]
struct User {
    id: u64,
}

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let id = parts.headers.get("x-user").and_then(|id| id.to_str().ok()?.parse().ok());
        id.map(|id| Self { id }).ok_or(StatusCode::UNAUTHORIZED)
    }
}

struct Broken;

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        StatusCode::BAD_GATEWAY.into_response()
    }
}

#[cached_response]
async fn bare() -> &'static str {
    "bare"
}

#[cached_response]
async fn unit() {}

#[cached_response]
fn not_async(Path(text): Path<String>) -> String {
    text
}

/// A documented handler.
#[cached_response(timeout = 60, tags("all", "page:{page.number}"), max_body = "1MiB", etag = "strong", handle)]
pub(crate) async fn documented(Query(page): Query<Page>, State(db): State<Db>) -> Html<String> {
    let Db = db;
    Html(format!("{} {}", page.number, page.sort))
}

#[cached_response(per = user.id, cache_control = "private, max-age=60", host = false)]
async fn of_user(user: User) -> impl IntoResponse {
    [("x-id", user.id.to_string())]
}

#[cached_response(key = "{id}:{request.path()}", handle = template_cache, vary("accept-language"))]
async fn template(Path(id): Path<u64>, State(_db): State<Db>) -> Result<String, Broken> {
    if id == 0 { Err(Broken) } else { Ok(format!("{id}")) }
}

#[cached_response(shared, lease, key = (id, request.query().into_owned()), not_found_timeout = Duration::from_secs(1))]
async fn parts(Path(id): Path<u64>) -> Result<String, StatusCode> {
    Ok(format!("{id}"))
}

#[cached_response(key = request.path().to_owned(), skip(headers), unless = headers.contains_key("x-no"))]
async fn whole(headers: HeaderMap) -> String {
    headers.len().to_string()
}

#[cached_response(key = |id: &u64, name: &String| (*id, name.len(), request.path().len()))]
async fn callable(Path((id, name)): Path<(u64, String)>) -> String {
    format!("{id} {name}")
}

fn key_of(id: &u64) -> Result<String, std::num::TryFromIntError> {
    u8::try_from(*id).map(|id| id.to_string())
}

#[cached_response(key = key_of, refresh = id == 1000)]
async fn by_name(Path(id): Path<u64>, State(db): State<Db>) -> String {
    let Db = db;
    id.to_string()
}

#[cached_response(
    stale = "1m",
    stale_if_error = "1h",
    stale_if = |response| response.status() == 502,
    soft_timeout = "50ms",
    hard_timeout = "1s",
    store_if = |response| response.body().len() > 2,
    timeout_of = |response| Duration::from_secs(response.body().len() as u64),
    tags("all", |response| [format!("length:{}", response.body().len())]),
    per = user.id
)]
async fn stale(
    path: Path<u64>,
    Query(page): Query<Page>,
    State(db): State<Arc<Db>>,
    OriginalUri(uri): OriginalUri,
    user: User,
) -> Result<String, Broken> {
    let Db = *db;
    Ok(format!("{} {} {} {}", path.0, page.number, uri, user.id))
}

// Names that generated code must not take for its own.
#[cached_response]
async fn request(Path(request): Path<u64>) -> String {
    request.to_string()
}

#[cached_response(key = "{request}")]
async fn __visit(Path(request): Path<u64>) -> String {
    let __key = request;
    __key.to_string()
}

#[cached_response]
async fn with_request(info: RequestInfo) -> String {
    info.path().to_owned()
}

#[cached_response]
async fn with_unnamed_request(_: RequestInfo) -> &'static str {
    "unnamed"
}

#[cached_response(key = "{info.path()}")]
async fn with_request_in_the_key(info: RequestInfo) -> String {
    info.path().to_owned()
}

#[cached_response]
async fn generic<T: Clone + Send + Sync + 'static>(State(_): State<T>) -> String {
    std::any::type_name::<T>().to_owned()
}

#[cached_response]
#[debug_handler]
async fn above_debug_handler(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[invalidates(tags("page:{id}"))]
async fn change(Path(id): Path<u64>) -> Result<StatusCode, Broken> {
    if id == 0 { Err(Broken) } else { Ok(StatusCode::SEE_OTHER) }
}

struct Site;

impl Site {
    const NAME: &'static str = "site";

    #[cached_response(stale = 60)]
    async fn associated() -> String {
        Self::NAME.to_owned()
    }
}

mod renamed {
    pub mod inner {
        pub use cached_web as other;
    }

    #[inner::other::axum::cached_response(crate = inner::other, stale = 60)]
    pub async fn page() -> &'static str {
        "renamed"
    }
}

async fn ask(app: &Router, path: &str) -> String {
    let request = Request::get(path).header("host", "localhost").header("x-user", "7");
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert!(response.status().is_success(), "{path}: {}", response.status());
    response.headers()["cache-status"].to_str().unwrap().to_owned()
}

#[tokio::main]
pub async fn main() {
    let app = Router::new()
        .route("/bare", get(bare))
        .route("/unit", get(unit))
        .route("/not-async/{text}", get(not_async))
        .route("/documented", get(documented).post(change))
        .route("/of-user", get(of_user))
        .route("/template/{id}", get(template))
        .route("/parts/{id}", get(parts))
        .route("/whole", get(whole))
        .route("/callable/{id}/{name}", get(callable))
        .route("/by-name/{id}", get(by_name))
        .route("/request/{id}", get(request))
        .route("/visit/{id}", get(__visit))
        .route("/with-request", get(with_request))
        .route("/with-unnamed-request", get(with_unnamed_request))
        .route("/with-request-in-the-key", get(with_request_in_the_key))
        .route("/generic", get(generic::<Db>))
        .route("/above-debug-handler/{id}", get(above_debug_handler))
        .route("/associated", get(Site::associated))
        .route("/renamed", get(renamed::page))
        .with_state(Db);
    let stale = Router::new().route("/stale/{id}", get(stale)).with_state(Arc::new(Db));
    let app = app.merge(stale);
    for path in [
        "/bare",
        "/unit",
        "/not-async/a",
        "/documented?number=1&sort=a",
        "/of-user",
        "/template/1",
        "/parts/1?b",
        "/whole",
        "/callable/1/a",
        "/by-name/1",
        "/request/1",
        "/visit/1",
        "/with-request",
        "/with-unnamed-request",
        "/with-request-in-the-key",
        "/generic",
        "/above-debug-handler/1",
        "/associated",
        "/renamed",
        "/stale/1?number=1&sort=a",
    ] {
        let first = ask(&app, path).await;
        assert!(first.starts_with("cached-web; fwd=uri-miss; stored"), "{path}: {first}");
        let second = ask(&app, path).await;
        assert!(second.starts_with("cached-web; hit"), "{path}: {second}");
    }
    // An `Err` in place of a key names nothing.
    for _ in 0..2 {
        let status = ask(&app, "/by-name/1001").await;
        assert!(!status.contains("hit"), "{status}");
    }
    assert_eq!(documented::cache().stats().hits, 1);
    assert_eq!(template_cache::cache().stats().loads, 1);
}
