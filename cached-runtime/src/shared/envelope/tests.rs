//! What was written comes back, the golden files of every format stay readable, and no bytes do
//! harm.

use std::fs;
use std::path::Path;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::*;

fn id(byte: u8) -> Id {
    Id(std::array::from_fn(|idx| byte.wrapping_add(u8::try_from(idx).unwrap())))
}

fn value() -> Envelope<'static> {
    Envelope {
        head: Head { kind: Kind::Value, is_compressed: false, codec: 0, id: id(0x10) },
        as_of_ms: 1_793_500_000_123,
        fresh_until_ms: 1_793_500_300_123,
        gone_at_ms: u64::MAX,
        load_us: 45_678,
        version: 3,
        shape: 0x0123_4567_89AB_CDEF,
        namespace: "app::users::load",
        key: "user:42/é",
        marks: vec![],
        payload: br#"{"id":42}"#,
    }
}

/// Every sort of value, as `tests/golden/v1-*.bin` has it.
fn golden() -> [(&'static str, Envelope<'static>); 3] {
    let value = value();
    let marks = vec![
        Mark { name: "user:42", id: id(0x80) },
        Mark { name: "", id: id(0x90) },
        Mark { name: "naïve", id: id(0xA0) },
    ];
    let compressed = Envelope {
        head: Head { kind: Kind::Value, is_compressed: true, codec: 1, id: id(0x50) },
        payload: &[0x28, 0xB5, 0x2F, 0xFD, 0x00],
        ..value.clone()
    };
    [
        ("v1-value.bin", value.clone()),
        ("v1-marks.bin", Envelope { marks, ..value }),
        ("v1-compressed.bin", compressed),
    ]
}

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn golden_heads_read_as_what_they_were_and_are_written_so_today() {
    for (name, kind, byte) in [
        ("v1-lease.bin", Kind::Lease, 0x20),
        ("v1-tombstone.bin", Kind::Tombstone, 0x30),
        ("v1-mark.bin", Kind::Mark, 0x40),
    ] {
        let bytes = file(name);
        let read = Head { kind, is_compressed: false, codec: 0, id: id(byte) };
        assert_eq!(Head::read(&bytes), Ok(read), "{name}");
        assert_eq!(head(kind, id(byte))[..], bytes, "{name}");
        assert_eq!(Kind::of(&bytes), Some(kind), "{name}");
    }
}

#[test]
fn golden_files_read_as_what_they_were_and_are_written_so_today() {
    for (name, expected) in golden() {
        let bytes = file(name);
        assert_eq!(Envelope::read(&bytes), Ok(expected.clone()), "{name}");
        assert_eq!(expected.write(), bytes, "{name}");
    }
}

#[test]
fn the_head_is_what_an_entry_begins_with() {
    for (name, envelope) in golden() {
        let bytes = envelope.write();
        assert_eq!(envelope.head.bytes(), bytes[..HEAD], "{name}");
        assert_eq!(Head::read(&bytes[..HEAD]), Ok(envelope.head), "{name}");
    }
}

/// The bytes with a checksum that fits them again.
fn sealed(mut bytes: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    bytes.truncate(bytes.len() - CHECKSUM);
    change(&mut bytes);
    bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
    bytes
}

#[test]
fn each_fault_has_its_name() {
    let bytes = value().write();
    let fault = |bytes: Vec<u8>| Envelope::read(&bytes).map(|_| ()).unwrap_err();
    let changed = |at: usize, byte| fault(sealed(bytes.clone(), |bytes| bytes[at] = byte));
    let namespace = HEAD + 40;
    let key = namespace + 4 + value().namespace.len();
    let marks = key + 4 + value().key.len();

    assert_eq!(fault(vec![]), Corrupt::Length);
    assert_eq!(fault(bytes[..HEAD - 1].to_vec()), Corrupt::Length);
    assert_eq!(fault(bytes[..HEAD + 3].to_vec()), Corrupt::Checksum, "cut off");
    assert_eq!(fault(vec![b'x'; 200]), Corrupt::Magic);
    assert_eq!(changed(3, b'2'), Corrupt::Version(b'2'));
    assert_eq!(changed(4, 4), Corrupt::Kind);
    assert_eq!(changed(5, 2), Corrupt::Kind, "an unknown flag");
    assert_eq!(changed(7, 1), Corrupt::Kind, "the reserved byte");
    assert_eq!(changed(namespace + 4, 0xFF), Corrupt::Utf8);
    assert_eq!(changed(key + 4, 0xFF), Corrupt::Utf8);
    assert_eq!(changed(namespace + 3, 0xFF), Corrupt::Length, "a text of four gigabytes");
    assert_eq!(changed(marks, 19), Corrupt::Marks);
    assert_eq!(changed(marks + 8, 0xFF), Corrupt::Length, "a payload beyond memory");
    assert_eq!(changed(marks + 1, 8), Corrupt::Trailing, "a shorter payload");
    assert_eq!(fault(sealed(bytes.clone(), |bytes| bytes.push(0))), Corrupt::Trailing);
    let early = Envelope { gone_at_ms: value().fresh_until_ms - 1, ..value() };
    assert_eq!(fault(early.write()), Corrupt::Stamps);
}

#[test]
fn eighteen_marks_fit_and_no_more() {
    let with = |count| {
        let marks = vec![Mark { name: "t", id: id(1) }; count];
        let envelope = Envelope { marks, ..value() };
        Envelope::read(&envelope.write()).map(|read| assert_eq!(read, envelope))
    };
    assert_eq!(with(MARKS), Ok(()));
    assert_eq!(with(MARKS + 1), Err(Corrupt::Marks));
    assert_eq!(with(300), Err(Corrupt::Marks));
}

#[test]
fn a_changed_bit_is_found_wherever_it_is() {
    let bytes = golden()[1].1.write();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(Envelope::read(&changed).is_err(), "bit {bit} of byte {at}");
        }
        assert!(Envelope::read(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_load_may_have_begun_five_minutes_from_now_and_no_later() {
    let now_ms = value().as_of_ms - 300_000;
    assert!(value().is_plausible(now_ms));
    assert!(value().is_plausible(u64::MAX));
    assert!(!value().is_plausible(now_ms - 1));
}

#[test]
fn what_remains_is_never_more_than_was_given() {
    let of = |now_ms| value().remaining(now_ms).as_duration().unwrap().as_millis();
    let (as_of, until) = (value().as_of_ms, value().fresh_until_ms);
    assert_eq!((of(as_of), of(as_of + 1), of(until - 1)), (300_000, 299_999, 1));
    assert_eq!((of(until), of(u64::MAX)), (0, 0));
    assert_eq!(of(0), 300_000, "a clock an hour behind");
    let never = Envelope { fresh_until_ms: u64::MAX, ..value() };
    assert_eq!(never.remaining(as_of), Timeout::NEVER);
}

proptest! {
    #[test]
    fn what_was_written_comes_back(
        stamps in any::<[u64; 3]>(),
        numbers in any::<(u32, u32, u64)>(),
        (namespace, key) in any::<(String, String)>(),
        names in proptest::collection::vec((any::<String>(), any::<[u8; 16]>()), 0..MARKS),
        payload in any::<Vec<u8>>(),
        (is_compressed, codec, raw) in any::<(bool, u8, [u8; 16])>(),
    ) {
        let envelope = Envelope {
            head: Head { kind: Kind::Value, is_compressed, codec, id: Id(raw) },
            as_of_ms: stamps[0],
            fresh_until_ms: stamps[1].min(stamps[2]),
            gone_at_ms: stamps[1].max(stamps[2]),
            load_us: numbers.0,
            version: numbers.1,
            shape: numbers.2,
            namespace: &namespace,
            key: &key,
            marks: names.iter().map(|(name, raw)| Mark { name, id: Id(*raw) }).collect(),
            payload: &payload,
        };
        let bytes = envelope.write();
        prop_assert_eq!(bytes.len(), bytes.capacity());
        prop_assert_eq!(Envelope::read(&bytes), Ok(envelope));
    }

    /// Bytes with a true checksum, so that reading goes on behind it.
    #[test]
    fn no_bytes_do_harm(tail in any::<Vec<u8>>(), at in 0_usize..80, byte in any::<u8>()) {
        let bytes = sealed(value().write(), |bytes| {
            bytes.truncate(bytes.len().min(at + 4));
            bytes.extend_from_slice(&tail);
            let at = at.min(bytes.len() - 1);
            bytes[at] = byte;
        });
        if let Ok(envelope) = Envelope::read(&bytes) {
            prop_assert!(envelope.write() == bytes);
        }
    }
}
