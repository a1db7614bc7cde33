use cached_runtime::cached;

struct Db;

#[cached(stale = 60, skip(db))]
fn load(db: Db, id: u64) -> u64 {
    let _ = db;
    id
}

fn main() {
    load(Db, 1);
}
