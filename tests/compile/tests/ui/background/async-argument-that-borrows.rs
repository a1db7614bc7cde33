use cached_runtime::cached;

#[derive(Clone)]
struct Request<'a> {
    path: &'a str,
}

#[cached(stale = 60, key = "{request.path}")]
async fn load<'a>(request: &Request<'a>) -> String {
    request.path.to_owned()
}

fn main() {
    let _ = load(&Request { path: "/" });
}
