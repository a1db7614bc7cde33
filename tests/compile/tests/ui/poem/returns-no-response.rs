use cached_web::poem::cached_response;
use poem::handler;

struct Page;

#[cached_response]
#[handler]
async fn page() -> Page {
    Page
}

fn main() {
    let _ = page;
}
