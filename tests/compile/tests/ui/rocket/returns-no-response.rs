use cached_web::rocket::cached_response;
use rocket::{get, routes};

struct Page;

#[cached_response]
#[get("/")]
async fn page() -> Page {
    Page
}

fn main() {
    let _ = routes![page];
}
