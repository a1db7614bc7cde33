use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use cached_web::axum::cached_response;

struct User {
    id: u64,
}

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = ();
    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ()> {
        Ok(User { id: 1 })
    }
}

#[cached_response(stale = "1m", per = user.id)]
async fn page(user: User) -> String {
    format!("{}", user.id)
}

fn main() {}
