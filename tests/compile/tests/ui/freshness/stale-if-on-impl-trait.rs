use cached_runtime::cached;

#[cached(stale_if_error = 60, stale_if = |_| true)]
fn double(n: u64) -> impl Clone {
    n * 2
}

fn main() {
    double(1);
}
