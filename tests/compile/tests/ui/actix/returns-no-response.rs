use actix_web::get;
use cached_web::actix::cached_response;

struct Page;

#[cached_response]
#[get("/")]
async fn page() -> Page {
    Page
}

fn main() {
    let _ = page;
}
