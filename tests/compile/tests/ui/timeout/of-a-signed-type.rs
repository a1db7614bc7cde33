use cached_runtime::cached;

const FRESH: i32 = 300;

#[cached(timeout = FRESH)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
