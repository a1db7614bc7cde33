use cached_web::axum::cached_response;

#[cached_response(vary("cookie"))]
async fn page() -> &'static str {
    "page"
}

fn main() {}
