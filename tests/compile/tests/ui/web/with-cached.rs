use cached_runtime::cached;
use cached_web::axum::cached_response;

#[cached_response]
#[cached]
async fn page() -> &'static str {
    "page"
}

fn main() {}
