use cached_web::salvo::cached_response;
use salvo::handler;

#[handler]
#[cached_response]
async fn page() -> String {
    String::new()
}

fn main() {
    let _ = page;
}
