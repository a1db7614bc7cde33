use cached_runtime::cached;

#[cached(max_body = "2MiB")]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    load(1);
}
