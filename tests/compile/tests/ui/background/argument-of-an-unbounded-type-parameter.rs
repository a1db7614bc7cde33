use cached_runtime::cached;

#[cached(stale = 60, key = "{value}")]
fn load<T: std::fmt::Display>(value: &T) -> String {
    value.to_string()
}

fn main() {
    load(&1);
}
