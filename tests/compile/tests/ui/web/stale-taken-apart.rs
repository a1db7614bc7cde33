use axum::extract::Query;
use cached_web::axum::cached_response;

#[derive(Clone, serde::Deserialize)]
struct Page {
    number: u32,
    size: u32,
}

#[cached_response(stale = "1m")]
async fn page(Query(Page { number, .. }): Query<Page>) -> String {
    format!("{number}")
}

fn main() {
    let _ = |page: Page| page.size;
}
