use axum::http::HeaderMap;
use cached_web::axum::cached_response;

#[cached_response(max_bodi = 5, vary("Accept"), etag = "soft")]
async fn page(headers: HeaderMap) -> String {
    format!("{headers:?}")
}

fn main() {}
