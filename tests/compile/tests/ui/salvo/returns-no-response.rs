use cached_web::salvo::cached_response;
use salvo::handler;

struct Page;

#[cached_response]
#[handler]
async fn page() -> Page {
    Page
}

fn main() {
    let _ = page;
}
