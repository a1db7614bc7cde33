use cached_runtime::cached;

#[cached(tags(
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"
))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}
