use cached_runtime::cached;

#[cached(stale = 60, skip(buffer))]
fn load(id: u64, buffer: &mut Vec<u8>) -> u64 {
    id + buffer.len() as u64
}

fn main() {
    load(1, &mut Vec::new());
}
