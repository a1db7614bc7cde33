use cached_runtime::cached;

#[cached(stale = 60)]
fn load(names: &[&'static str], rest: &[&str]) -> usize {
    names.len() + rest.len()
}

fn main() {
    load(&["a"], &["b"]);
}
