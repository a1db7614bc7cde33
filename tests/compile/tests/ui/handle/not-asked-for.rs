use cached_runtime::cached;

#[cached]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    load::entry(1).invalidate();
}
