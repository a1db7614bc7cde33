use cached_runtime::cached;

#[cached(none_timeout = 0)]
fn load(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {
    load(1);
}
