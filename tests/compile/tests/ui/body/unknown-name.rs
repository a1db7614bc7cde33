use cached_runtime::cached;

#[cached]
fn load(id: u64) -> u64 {
    id + offset
}

fn main() {
    load(1);
}
