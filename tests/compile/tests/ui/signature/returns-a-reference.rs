use cached_runtime::cached;

#[cached]
fn first(text: &str) -> &str {
    text
}

fn main() {
    first("");
}
