use cached_runtime::cached;

#[cached(shared)]
fn size<T>(value: T) -> usize {
    size_of_val(&value)
}

fn main() {
    size(1);
}
