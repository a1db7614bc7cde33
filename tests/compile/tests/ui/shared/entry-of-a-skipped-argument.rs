use cached_runtime::cached;

#[cached(shared, handle, skip(loud))]
fn double(n: u64, loud: bool) -> u64 {
    if loud { n * 2 } else { n + n }
}

fn main() {
    let _ = double::entry(1, true);
}
