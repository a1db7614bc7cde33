use cached_runtime::cached;

#[cached(shared, shard = 1, local = true, lease = 0, coalesce = false, store = "")]
fn double(n: u64) -> impl Clone {
    n * 2
}

fn main() {
    double(1);
}
