use cached_runtime::cached;

#[cached]
fn show(text: &str) -> impl ToString + Clone {
    text
}

fn main() {
    show("").to_string();
}
