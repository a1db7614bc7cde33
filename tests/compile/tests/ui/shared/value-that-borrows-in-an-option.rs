use cached_runtime::cached;

#[cached(shared)]
fn name(id: u64) -> Option<Vec<&'static str>> {
    (id == 0).then(|| vec!["zero"])
}

fn main() {
    name(1);
}
