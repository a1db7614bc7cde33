use cached_runtime::cached;

#[cached(shared, err_timeout = 5)]
fn name(id: u64) -> Result<u64, &'static str> {
    id.checked_sub(1).ok_or("zero")
}

fn main() {
    let _ = name(1);
}
