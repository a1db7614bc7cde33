use cached_web::axum::cached_response;

#[cached_response(cache_control = "public, max_age=60")]
async fn page() -> &'static str {
    "page"
}

fn main() {}
