use cached_web::axum::cached_response;

#[cached_response(handle(impl))]
async fn page() -> &'static str {
    "page"
}

fn main() {}
