//! Values of fields on their way between the types of two frameworks.

use bytes::Bytes;

/// Copies values into one buffer, which all of them share: one allocation, however many there are.
pub(crate) fn packed<'v, V>(values: impl Fn() -> V) -> impl Iterator<Item = Bytes>
where
    V: Iterator<Item = &'v [u8]>,
{
    let mut buffer = Vec::with_capacity(values().map(<[u8]>::len).sum());
    values().for_each(|value| buffer.extend_from_slice(value));
    let mut buffer = Bytes::from(buffer);
    values().map(move |value| buffer.split_to(value.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_as_they_went_in() {
        let values = [&b"text/html"[..], b"", b"\xFF", b"0"];
        assert!(packed(|| values.into_iter()).eq(values.into_iter().map(Bytes::from_static)));
        assert_eq!(packed(std::iter::empty).count(), 0);
    }
}
