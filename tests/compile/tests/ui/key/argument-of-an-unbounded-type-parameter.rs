use cached_runtime::cached;

#[cached]
fn show<T: ToString>(value: T) -> String {
    value.to_string()
}

fn main() {
    show(1);
}
