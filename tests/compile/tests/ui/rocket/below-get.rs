use cached_web::rocket::cached_response;
use rocket::{get, routes};

#[get("/")]
#[cached_response]
async fn page() -> String {
    String::new()
}

fn main() {
    let _ = routes![page];
}
