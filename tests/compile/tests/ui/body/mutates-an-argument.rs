use cached_runtime::cached;

#[cached]
fn load(id: u64) -> u64 {
    id += 1;
    id
}

fn main() {
    load(1);
}
