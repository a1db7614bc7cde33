use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cached_web::axum::cached_response;

struct User;

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = ();
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ()> {
        Ok(User)
    }
}

#[cached_response(per = user)]
async fn page(user: User) -> &'static str {
    let User = user;
    "page"
}

fn main() {}
