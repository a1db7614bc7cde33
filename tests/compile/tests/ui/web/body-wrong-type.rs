use cached_web::axum::cached_response;

#[cached_response]
async fn page() -> String {
    "page"
}

fn main() {}
