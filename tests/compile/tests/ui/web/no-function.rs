use cached_web::axum::cached_response;

#[cached_response]
struct Page;

fn main() {}
