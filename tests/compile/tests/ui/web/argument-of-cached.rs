use cached_web::axum::cached_response;

#[cached_response(weigh = |_| 1)]
async fn page() -> &'static str {
    "page"
}

fn main() {}
