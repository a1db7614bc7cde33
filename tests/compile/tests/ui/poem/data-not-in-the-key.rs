use cached_web::poem::cached_response;
use poem::handler;
use poem::web::Data;

#[cached_response]
#[handler]
async fn page(user: Data<&String>) -> String {
    user.to_string()
}

fn main() {
    let _ = page;
}
