use cached_runtime::cached;

#[cached(ttl = 5)]
fn ttl(n: u64) -> u64 {
    n
}

#[cached(max_size = 5)]
fn max_size(n: u64) -> u64 {
    n
}

#[cached(convert = n)]
fn convert(n: u64) -> u64 {
    n
}

#[cached(ignore(n))]
fn ignore(n: u64) -> u64 {
    n
}

#[cached(sync_writes = true)]
fn sync_writes(n: u64) -> u64 {
    n
}

#[cached(result = true)]
fn result(n: u64) -> u64 {
    n
}

fn main() {}
