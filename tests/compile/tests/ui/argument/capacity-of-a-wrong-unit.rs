use cached_runtime::cached;

#[cached(capacity = "64mb", weigh = |_| 8)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
