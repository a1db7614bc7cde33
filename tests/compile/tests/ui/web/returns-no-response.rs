use cached_web::axum::cached_response;

struct Page;

#[cached_response]
async fn page() -> Page {
    Page
}

fn main() {}
