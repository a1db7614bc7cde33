use cached_runtime::cached;

#[derive(Clone)]
struct Word<'a>(&'a str);

#[cached]
fn word(text: &str) -> Word<'_> {
    Word(text)
}

fn main() {
    word("").0.len();
}
