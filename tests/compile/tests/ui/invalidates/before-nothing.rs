use cached_runtime::invalidates;

#[invalidates(before)]
fn rename(id: u64) -> u64 {
    id
}

fn main() {
    rename(1);
}
