use cached_runtime::cached;

#[cached(share)]
fn case_0(n: u64) -> u64 {
    n
}

#[cached(remote)]
fn case_1(n: u64) -> u64 {
    n
}

#[cached(cache = "users")]
fn case_2(n: u64) -> u64 {
    n
}

#[cached(tiered = true)]
fn case_3(n: u64) -> u64 {
    n
}

#[cached(lock = "10s")]
fn case_4(n: u64) -> u64 {
    n
}

fn main() {}
