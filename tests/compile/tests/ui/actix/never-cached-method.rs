use actix_web::post;
use cached_web::actix::cached_response;

#[cached_response(timeout = 60)]
#[post("/items")]
async fn create() -> &'static str {
    "created"
}

fn main() {}
