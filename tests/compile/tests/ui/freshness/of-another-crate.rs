use cached_runtime::cached;

#[cached(stale_while_revalidate = 60)]
fn stale_while_revalidate(n: u64) -> u64 {
    n
}

#[cached(swr = 60)]
fn swr(n: u64) -> u64 {
    n
}

#[cached(grace = "1h")]
fn grace(n: u64) -> u64 {
    n
}

#[cached(fail_safe = true)]
fn fail_safe(n: u64) -> u64 {
    n
}

#[cached(eager_refresh_threshold = 0.8)]
fn eager_refresh_threshold(n: u64) -> u64 {
    n
}

#[cached(beta = 1.0)]
fn beta(n: u64) -> u64 {
    n
}

#[cached(xfetch = 1.0)]
fn xfetch(n: u64) -> u64 {
    n
}

fn main() {}
