#![deny(warnings, clippy::pedantic)]
#![allow(dead_code)]
use std::sync::Arc;
use axum::extract::{Path, Query, State, FromRequestParts};
use axum::http::{HeaderMap, request::Parts, StatusCode};
use axum::response::{Html, IntoResponse};
use axum::{Router, routing::get};
use cached_web::axum::{cached_response, RequestInfo};
use std::time::Duration;

#[derive(Clone, serde::Deserialize)]
struct Page { page: u32, sort: String }
#[derive(Clone)]
struct Db;
#[derive(Clone)]
struct User { id: u64 }
impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.headers.get("user").and_then(|u| u.to_str().ok()?.parse().ok()).map(|id| Self { id }).ok_or(StatusCode::UNAUTHORIZED)
    }
}
#[derive(Debug)]
struct Failed;
impl IntoResponse for Failed { fn into_response(self) -> axum::response::Response { StatusCode::BAD_GATEWAY.into_response() } }

#[cached_response]
async fn plain() -> &'static str { "plain" }

/// Docs.
#[cached_response(timeout = 60, tags("items", "page:{page.page}"), skip(db), max_body = "1MiB", etag = "strong", handle)]
async fn list(Query(page): Query<Page>, State(db): State<Db>) -> Html<String> {
    let _ = db;
    Html(format!("{} {}", page.page, page.sort))
}

#[cached_response(per = user.id, cache_control = "private, max-age=60")]
async fn mine(user: User) -> impl IntoResponse { format!("user {}", user.id) }

#[cached_response(key = "item:{id}:{request.path()}", handle = item_cache, vary("accept-language"), shared)]
async fn item(Path(id): Path<u64>, State(_db): State<Db>) -> Result<String, Failed> {
    if id == 0 { return Err(Failed); }
    Ok(format!("item {id}"))
}

#[cached_response(key = (id, request.path()), unless = request.path() == "/x" && id == 3, refresh = request.headers().contains_key("refresh"))]
async fn parts(Path(id): Path<u64>) -> String { format!("item {id}") }

#[cached_response(key = request.path().to_owned(), skip(headers))]
async fn whole(headers: HeaderMap) -> String { format!("{headers:?}") }

#[cached_response(key = |id: &u64, name: &String| (*id, name.len(), request.path().len()))]
async fn callable(Path((id, name)): Path<(u64, String)>) -> String { format!("item {id} {name}") }

fn key_of(id: &u64) -> Result<String, Failed> { Ok(id.to_string()) }
#[cached_response(key = key_of)]
async fn by_fn(Path(id): Path<u64>, State(db): State<Db>) -> String { let _ = db; format!("item {id}") }

#[cached_response(stale = "1m", stale_if_error = "1h", stale_if = |r| r.status().is_server_error(), store_if = |r| r.body().len() > 3, timeout_of = |_| Duration::from_secs(3), tags(|r| [format!("len:{}", r.body().len())]), not_found_timeout = "10s", soft_timeout = "50ms", hard_timeout = "1s", per = user.id)]
async fn stale(Path((id, name)): Path<(u64, String)>, Query(page): Query<Page>, State(db): State<Arc<Db>>, user: User) -> Result<String, Failed>
{
    let _ = (db, page);
    Ok(format!("item {id} {name} {}", user.id))
}

#[cached_response(handle = sync_cache)]
fn sync(Path(b): Path<String>) -> String { b }

#[cached_response]
async fn b(info: RequestInfo, p: axum::extract::Path<u64>) -> String { let _ = p.0; info.path().to_owned() }
#[cached_response]
async fn b2(info: RequestInfo) -> String { info.path().to_owned() }

#[cached_response(key = "{info.path()}")]
async fn named(info: RequestInfo) -> String { info.path().to_owned() }

#[cached_response]
async fn generic<T: Send + Sync + Clone + 'static>(State(_): State<T>) {}

#[cached_response]
#[axum::debug_handler]
async fn debugged(Path(id): Path<u64>) -> String { id.to_string() }

#[cached_web::invalidates(tags("items", "item:{id}"))]
async fn edit(Path(id): Path<u64>) -> Result<StatusCode, Failed> { let _ = id; Ok(StatusCode::SEE_OTHER) }

struct Api;
impl Api {
    #[cached_response]
    async fn index(Path(id): Path<u64>) -> String { Self::name(id) }
    fn name(id: u64) -> String { id.to_string() }
}

#[tokio::main]
async fn main() {
    use tower::ServiceExt as _;
    let app = Router::new().route("/", get(plain)).route("/i/{id}", get(item).post(edit)).route("/p/{id}", get(parts)).route("/w", get(whole)).route("/c/{id}/{name}", get(callable)).route("/f/{id}", get(by_fn)).route("/sync/{b}", get(sync)).route("/b", get(b)).route("/n", get(named)).route("/d/{id}", get(debugged)).route("/g", get(generic::<Db>)).route("/mine", get(mine)).route("/list", get(list)).route("/api/{id}", get(Api::index)).with_state(Db);
    let other = Router::new().route("/s/{id}/{name}", get(stale)).with_state(Arc::new(Db));
    let app = app.merge(other);
    println!("{:?}", list::cache().stats());
    println!("{:?}", item_cache::cache().stats());
    for path in ["/", "/i/3", "/p/3", "/w", "/c/3/x", "/f/3", "/sync/a", "/b", "/n", "/d/4", "/g", "/mine", "/list?page=1&sort=a", "/api/3", "/s/3/x?page=1&sort=a"] {
        for _ in 0..2 {
            let request = axum::http::Request::get(path).header("user", "7").header("host", "h").body(axum::body::Body::empty()).unwrap();
            let response = app.clone().oneshot(request).await.unwrap();
            println!("{path} {} {:?}", response.status(), response.headers().get("cache-status"));
        }
    }
}
