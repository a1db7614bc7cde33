use cached_web::axum::cached_response;

#[cached_response(store_if = |response| response.body().len())]
async fn page() -> &'static str {
    "page"
}

fn main() {}
