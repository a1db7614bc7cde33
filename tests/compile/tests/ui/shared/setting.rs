use cached_runtime::cached;

#[cached(shared, prefix = "app")]
fn case_0(n: u64) -> u64 {
    n
}

#[cached(shared, codec = "json")]
fn case_1(n: u64) -> u64 {
    n
}

fn main() {}
