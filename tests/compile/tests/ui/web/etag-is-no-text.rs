use cached_web::axum::cached_response;

#[cached_response(etag = strong)]
async fn page() -> &'static str {
    "page"
}

fn main() {}
