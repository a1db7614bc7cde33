use cached_runtime::cached;

const ROOM: &str = "64MiB";

#[cached(capacity = ROOM)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
