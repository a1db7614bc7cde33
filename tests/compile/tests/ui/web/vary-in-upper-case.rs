use cached_web::axum::cached_response;

#[cached_response(vary("Accept-Language"))]
async fn page() -> &'static str {
    "page"
}

fn main() {}
