use http::header::{CONTENT_TYPE, LINK};
use proptest::prelude::*;

use super::*;

fn plain(body: &'static [u8]) -> Snapshot {
    let mut headers = HeaderMap::new();
    headers.append(LINK, HeaderValue::from_static(r"b\c"));
    headers.append(LINK, HeaderValue::from_bytes(b"\xC3\xA9\xFF").unwrap());
    headers.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Snapshot {
        status: StatusCode::OK,
        headers,
        body: Bytes::from_static(body),
        initial_age: Duration::from_secs(7),
        lifetime: Some(Duration::from_millis(1_500)),
    }
}

#[test]
fn json_is_for_people_to_read() {
    let text = serde_json::to_string(&plain(b"<p class=\"a\">\n")).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"status":200,"headers":[["link","b\\\\c"],["link","\\xc3\\xa9\\xff"],["content-type","text/plain"]],"#,
            r#""body":{"text":"<p class=\"a\">\n"},"initial_age":{"secs":7,"nanos":0},"#,
            r#""lifetime":{"secs":1,"nanos":500000000}}"#,
        )
    );
}

#[test]
fn a_store_takes_it_and_gives_it_back() {
    let cache = cached_runtime::Cache::named("snapshot::wire");
    for body in [&b"text"[..], b"\xFF\0", b""] {
        cache.set("page", &plain(body), 60_u64).unwrap();
        assert_eq!(cache.get::<Snapshot>("page"), Some(plain(body)));
    }
}

#[test]
fn no_body_becomes_much_longer() {
    for body in [&[0_u8; 3_000][..], &[0xFF; 3_000], &[b'"'; 3_000], &[b'a'; 3_000]] {
        let mut snapshot = plain(b"");
        let around = serde_json::to_vec(&snapshot).unwrap().len();
        snapshot.body = Bytes::copy_from_slice(body);
        assert!(serde_json::to_vec(&snapshot).unwrap().len() <= around + 4_510, "{}", body[0]);
        let binary = rmp_serde::to_vec_named(&snapshot).unwrap();
        assert!(binary.len() < 3_300, "{}", body[0]);
    }
}

#[test]
fn what_would_not_have_been_written_is_an_error() {
    let text = serde_json::to_string(&plain(b"\xFF")).unwrap();
    serde_json::from_str::<Snapshot>(&text).expect("it was written");
    for (from, to) in [
        ("200", "99"),
        ("200", "70000"),
        ("content-type", "Content-Type"),
        ("content-type", ""),
        ("content-type", "a b"),
        ("text/plain", "a\\r\\nb"),
        ("text/plain", "é"),
        ("text/plain", r"\\x0a"),
        ("text/plain", r"\\x41"),
        ("text/plain", r"\\xFF"),
        ("text/plain", r"\\x+f"),
        ("text/plain", r"\\x"),
        ("text/plain", r"\\"),
        ("/w==", "/x=="),
        ("/w==", "/w="),
        ("base64", "hex"),
        ("500000000", "99999999999"),
    ] {
        let odd = text.replacen(from, to, 1);
        assert_ne!(odd, text, "{from}");
        assert!(serde_json::from_str::<Snapshot>(&odd).is_err(), "{odd}");
    }
}

#[test]
fn more_fields_than_a_message_may_have_are_an_error() {
    let fields: Vec<_> = (0..40_000).map(|number| (format!("x-{number}"), String::new())).collect();
    let wire = Wire {
        status: 200,
        headers: fields,
        body: Readable::of(b""),
        initial_age: Duration::ZERO,
        lifetime: None,
    };
    let text = serde_json::to_vec(&wire).unwrap();
    let error = serde_json::from_slice::<Snapshot>(&text).unwrap_err();
    assert!(error.to_string().starts_with("too many fields"), "{error}");
}

fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    let value = prop::collection::vec(
        prop_oneof![Just(b'\\'), Just(b'\t'), 0x20_u8..0x7F, 0x80_u8..=0xFF],
        0..12,
    );
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        any::<String>().prop_map(String::into_bytes),
    ];
    let duration = || any::<Duration>();
    (
        100_u16..1_000,
        prop::collection::vec(("[a-z][a-z0-9-]{0,2}", value), 0..8),
        body,
        duration(),
        prop::option::of(duration()),
    )
        .prop_map(|(status, lines, body, initial_age, lifetime)| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                let name = HeaderName::try_from(name).unwrap();
                headers.append(name, HeaderValue::from_bytes(&value).unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            Snapshot { status, headers, body: body.into(), initial_age, lifetime }
        })
}

proptest! {
    #[test]
    fn snapshots_come_back(snapshot in any_snapshot()) {
        let text = serde_json::to_vec(&snapshot).unwrap();
        prop_assert_eq!(&serde_json::from_slice::<Snapshot>(&text).unwrap(), &snapshot);
        let bytes = rmp_serde::to_vec_named(&snapshot).unwrap();
        let back: Snapshot = rmp_serde::from_slice(&bytes).unwrap();
        prop_assert_eq!(&back, &snapshot);
        // Equality of fields does not see the order between names.
        prop_assert!(back.headers.iter().eq(snapshot.headers.iter()));
    }

    #[test]
    fn damaged_bytes_never_panic(
        snapshot in any_snapshot(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = rmp_serde::to_vec_named(&snapshot).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(odd) = rmp_serde::from_slice::<Snapshot>(&bytes) {
            let again = rmp_serde::to_vec_named(&odd).unwrap();
            prop_assert_eq!(rmp_serde::from_slice::<Snapshot>(&again).unwrap(), odd);
        }
    }

    #[test]
    fn values_come_back_and_nothing_else_is_read(text in "([a\\\\x0-9 ~é\n]|\\\\x[0-9a-fA-F]{2}){0,8}") {
        if let Some(value) = unescaped(&text) {
            prop_assert_eq!(escaped(&value), text);
        }
    }
}
