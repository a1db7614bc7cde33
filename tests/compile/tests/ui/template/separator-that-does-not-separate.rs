use cached_runtime::cached;

#[cached(key = "{one}-{two}")]
fn join(one: &str, two: &str) -> String {
    format!("{one}{two}")
}

fn main() {
    join("", "");
}
