use axum::extract::Path;
use cached_web::axum::cached_response;

#[cached_response(key = "{id}", ignore_query("utm_*"))]
async fn page(Path(id): Path<u64>) -> String {
    format!("{id}")
}

fn main() {}
