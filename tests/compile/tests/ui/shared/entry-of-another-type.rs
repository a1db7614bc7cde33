use cached_runtime::cached;

#[cached(shared, handle)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    let _ = double::entry("1");
}
