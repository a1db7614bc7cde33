use cached_runtime::cached;

#[cached]
fn show<'a>(text: &'a str) -> impl ToString + Clone + 'a {
    text
}

fn main() {
    show("").to_string();
}
