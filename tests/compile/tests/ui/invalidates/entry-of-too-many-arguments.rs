use cached_runtime::{cached, invalidates};

#[cached(handle, skip(db))]
fn load(db: &str, id: u64) -> u64 {
    id + db.len() as u64
}

#[invalidates(load::entry(db, id))]
fn rename(db: &str, id: u64) -> u64 {
    id + db.len() as u64
}

fn main() {
    load("", 1);
    rename("", 1);
}
