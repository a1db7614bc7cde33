use cached_runtime::cached;

#[cached(stale_if_error = 60, soft_timeout = "100ms", skip(text))]
fn load(id: u64, text: &dyn ToString) -> u64 {
    id + text.to_string().len() as u64
}

fn main() {
    load(1, &2);
}
