use cached_runtime::cached;

#[cached(shared, handle)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double::entry(1).peek() == Some(2);
}
