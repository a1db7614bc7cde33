use cached_web::axum::cached_response;

struct Site;

impl Site {
    #[cached_response]
    async fn page(&self) -> &'static str {
        "page"
    }
}

fn main() {
    let _ = Site.page();
}
