use axum::extract::Path;
use axum::extract::Query;
use cached_web::axum::cached_response;

#[derive(serde::Deserialize)]
struct Page {
    number: u32,
}

#[cached_response(key = "{id}")]
async fn page(Path(id): Path<u64>, Query(page): Query<Page>) -> String {
    format!("{id} {}", page.number)
}

fn main() {}
