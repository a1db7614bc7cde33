use axum::extract::Path;
use cached_web::axum::cached_response;

#[cached_response(skip(id))]
async fn page(Path(id): Path<u64>) -> String {
    format!("{id}")
}

fn main() {}
