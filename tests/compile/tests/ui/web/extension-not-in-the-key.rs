use axum::Extension;
use cached_web::axum::cached_response;

#[derive(Clone)]
struct User;

#[cached_response]
async fn page(Extension(user): Extension<User>) -> &'static str {
    let User = user;
    "page"
}

fn main() {}
