use cached_web::axum::cached_response;

#[cached_response(only_query("page"), ignore_query("utm_*"))]
async fn page() -> &'static str {
    "page"
}

fn main() {}
