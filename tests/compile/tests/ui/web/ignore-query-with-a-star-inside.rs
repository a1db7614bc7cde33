use cached_web::axum::cached_response;

#[cached_response(ignore_query("utm_*_id"))]
async fn page() -> &'static str {
    "page"
}

fn main() {}
