use cached_runtime::cached;

#[cached(tags("", 7, "{ident}"))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}
