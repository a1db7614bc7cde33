use cached_runtime::cached;

#[cached(skip(value))]
fn list<T>(value: T) -> Vec<T> {
    vec![value]
}

fn main() {
    list(1);
}
