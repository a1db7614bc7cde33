use cached_runtime::cached;

struct Db;

#[cached(early = 1.0, skip(db))]
async fn load(db: &Db, id: u64) -> u64 {
    let _ = db;
    id
}

fn main() {
    let _ = load(&Db, 1);
}
