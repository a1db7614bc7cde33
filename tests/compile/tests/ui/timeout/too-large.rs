use cached_runtime::cached;

#[cached(timeout = 18446744073709551616)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
