use cached_runtime::cached;

#[cached(refresh = n)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
