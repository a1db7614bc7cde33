use cached_web::rocket::cached_response;
use rocket::{get, routes};

#[cached_response(stale = 60)]
#[get("/")]
async fn page() -> String {
    String::new()
}

fn main() {
    let _ = routes![page];
}
