use cached_runtime::cached;

#[cached(hard_timeout = 2)]
async fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    let _ = double(1);
}
