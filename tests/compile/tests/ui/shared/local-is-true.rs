use cached_runtime::cached;

#[cached(shared, local = true)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
