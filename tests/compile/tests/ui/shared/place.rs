use cached_runtime::cached;

#[cached(redis = true)]
fn case_0(n: u64) -> u64 {
    n
}

#[cached(disk = true)]
fn case_1(n: u64) -> u64 {
    n
}

#[cached(backend = "redis")]
fn case_2(n: u64) -> u64 {
    n
}

#[cached(url = "redis://127.0.0.1/")]
fn case_3(n: u64) -> u64 {
    n
}

fn main() {}
