use axum::extract::Query;
use cached_web::axum::cached_response;

#[cached_response(unless = request.query())]
async fn page(Query(page): Query<String>) -> String {
    page
}

fn main() {
    let _ = page;
}
