use cached_runtime::cached;

#[cached]
async fn load(name: String) -> String {
    drop(name);
    name
}

fn main() {
    drop(load("".into()));
}
