use cached_runtime::cached;

#[cached(stale = 60, key = "{text}")]
fn load(text: impl ToString + std::fmt::Display) -> String {
    text.to_string()
}

fn main() {
    load(1);
}
