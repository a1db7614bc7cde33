use cached_web::axum::cached_response;

#[cached_response(hard_timeout = "2s")]
fn page() -> &'static str {
    "page"
}

fn main() {}
