use axum::extract::Path;
use axum::http::HeaderMap;
use cached_web::axum::cached_response;

#[cached_response]
async fn page(Path(id): Path<u64>, headers: HeaderMap) -> String {
    format!("{id} {headers:?}")
}

fn main() {}
