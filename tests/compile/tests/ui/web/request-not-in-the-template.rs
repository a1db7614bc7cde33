use axum::extract::Path;
use cached_web::axum::{RequestInfo, cached_response};

#[cached_response(key = "{id}")]
async fn page(info: RequestInfo, Path(id): Path<u64>) -> String {
    format!("{id} {}", info.query())
}

fn main() {}
