use cached_runtime::cached;

#[cached(timeout = 0, capcity = 10, err_if = |_| true, skip(conection), key = "user{id}{name}", version = "2")]
const fn load(connection: &str, id: u64, name: &str) -> &'static str {
    let _ = (connection, id, name);
    ""
}

fn main() {
    load("", 1, "");
}
