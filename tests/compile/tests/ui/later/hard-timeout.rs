use cached_runtime::cached;

#[cached(hard_timeout = 1)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
