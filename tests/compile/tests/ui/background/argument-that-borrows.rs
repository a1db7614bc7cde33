use cached_runtime::cached;

#[derive(Clone)]
struct Request<'a> {
    path: &'a str,
}

#[cached(stale = 60, key = "{request.path}")]
fn load(request: Request<'_>) -> String {
    request.path.to_owned()
}

fn main() {
    load(Request { path: "/" });
}
