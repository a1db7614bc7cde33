use cached_web::axum::cached_response;

const TENANT: u32 = 1;

#[cached_response(per = TENANT)]
async fn page() -> &'static str {
    "page"
}

fn main() {}
