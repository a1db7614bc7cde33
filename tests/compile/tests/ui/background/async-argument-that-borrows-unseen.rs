use cached_runtime::cached;

#[derive(Clone)]
struct Request<'a> {
    path: &'a str,
}

#[cached(early = 1.0, key = "{request.path}")]
async fn load(request: &Request) -> String {
    request.path.to_owned()
}

fn main() {
    let _ = load(&Request { path: "/" });
}
