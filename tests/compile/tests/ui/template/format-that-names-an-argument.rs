use cached_runtime::cached;

#[cached(key = "user:{id:width$}", skip(width))]
fn load(id: u64, width: usize) -> u64 {
    id + width as u64
}

fn main() {
    load(1, 2);
}
