use cached_runtime::cached;

#[cached(capacity = "64MiB", weigh = |value| value.to_string())]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}
