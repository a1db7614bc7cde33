use std::borrow::Cow;

use cached_runtime::cached;

#[cached]
fn lower<'a>(text: &'a str) -> Cow<'a, str> {
    text.to_lowercase().into()
}

fn main() {
    lower("");
}
