use cached_runtime::cached;

#[cached(handle, skip(db))]
fn load(db: &str, id: u64) -> u64 {
    id + db.len() as u64
}

fn main() {
    load::entry("", 1).invalidate();
}
