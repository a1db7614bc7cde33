use cached_runtime::cached;

#[cached(shared)]
fn name(id: u64) -> &'static str {
    if id == 0 { "zero" } else { "more" }
}

fn main() {
    name(1);
}
