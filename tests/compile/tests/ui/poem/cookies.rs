use cached_web::poem::cached_response;
use poem::handler;
use poem::web::cookie::CookieJar;

#[cached_response(skip(jar))]
#[handler]
async fn page(jar: &CookieJar) -> String {
    jar.remove("a");
    String::new()
}

fn main() {
    let _ = page;
}
