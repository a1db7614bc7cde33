use cached_runtime::cached;

#[cached(on_timeout = 0)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
