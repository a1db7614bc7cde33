use cached_runtime::cached;

#[cached(key = format!("{page}:{{id}}"))]
fn load(page: u64, id: u64) -> u64 {
    page + id
}

fn main() {}
