use cached_runtime::cached;

struct Db;

#[cached(stale = 60, skip(db, other))]
fn load(db: &Db, other: Db, id: u64) -> u64 {
    let _ = (db, other);
    id
}

fn main() {
    load(&Db, Db, 1);
}
