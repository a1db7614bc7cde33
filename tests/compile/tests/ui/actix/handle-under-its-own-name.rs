use actix_web::get;
use cached_web::actix::cached_response;

#[get("/")]
#[cached_response(handle)]
async fn page() -> String {
    String::new()
}

fn main() {
    let _ = page;
}
