use cached_web::axum::cached_response;

#[cached_response(capacity = 1000)]
async fn page() -> &'static str {
    "page"
}

fn main() {}
