use cached_web::axum::cached_response;

#[cached_response(hard_timeout = "2s", on_timeout = "late")]
async fn page() -> &'static str {
    "page"
}

fn main() {}
