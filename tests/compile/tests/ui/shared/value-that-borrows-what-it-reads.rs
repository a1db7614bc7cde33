use cached_runtime::cached;

#[derive(Clone, serde::Serialize)]
struct Name(&'static str);

impl<'de: 'static> serde::Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(from).map(Self)
    }
}

#[cached(shared)]
fn name(id: u64) -> Name {
    Name(if id == 0 { "zero" } else { "more" })
}

fn main() {
    let _ = name(1).0;
}
