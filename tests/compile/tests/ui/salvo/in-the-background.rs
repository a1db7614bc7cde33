use cached_web::salvo::cached_response;
use salvo::handler;

#[cached_response(stale = 60)]
#[handler]
async fn page() -> String {
    String::new()
}

fn main() {
    let _ = page;
}
