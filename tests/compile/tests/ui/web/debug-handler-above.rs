use axum::debug_handler;
use axum::extract::Path;
use cached_web::axum::cached_response;

#[debug_handler]
#[cached_response(key = "{id}")]
async fn page(Path(id): Path<u64>) -> String {
    format!("{id}")
}

fn main() {}
