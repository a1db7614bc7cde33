use cached_web::salvo::cached_response;
use salvo::{Response, handler};

#[cached_response]
#[handler]
async fn page(res: &mut Response) {
    res.render("page");
}

fn main() {
    let _ = page;
}
