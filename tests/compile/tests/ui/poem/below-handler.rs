use cached_web::poem::cached_response;
use poem::handler;

#[handler]
#[cached_response]
async fn page() -> String {
    String::new()
}

fn main() {
    let _ = page;
}
