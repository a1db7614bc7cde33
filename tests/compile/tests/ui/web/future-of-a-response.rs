use cached_web::axum::cached_response;

#[cached_response(timeout = 60)]
fn page() -> impl Future<Output = String> + Send {
    async { String::new() }
}

fn main() {}
