use cached_runtime::cached;

#[cached(key = match page { Some(id) => id, None => 0 })]
fn load(page: Option<u64>, id: u64) -> u64 {
    page.unwrap_or(id)
}

fn main() {}
