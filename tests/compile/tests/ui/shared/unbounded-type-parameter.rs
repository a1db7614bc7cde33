use cached_runtime::cached;

#[cached(shared, store_if = |_| true, skip(value))]
fn same<T: Clone + Send + Sync + 'static>(n: u64, value: fn(u64) -> T) -> T {
    value(n)
}

fn main() {
    same(1, |n| n);
}
