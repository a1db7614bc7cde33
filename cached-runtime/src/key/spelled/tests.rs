//! Injectivity of spelled keys: over all small values, and over random values of nested types.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use serde::ser::Error;

use super::*;
use crate::key::Key;

fn spelled<T: Serialize + ?Sized>(value: &T) -> String {
    let mut buffer = TextBuffer::new();
    Spelled(value).write(&mut buffer);
    buffer.key().expect("a spelled key is never empty").own().into()
}

/// Everything that a `Serialize` can say, but for what counts as something else: a `char`, the
/// widths of integers, a newtype.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Bool(bool),
    Integer(i128),
    F32(f32),
    F64(f64),
    Text(&'static str),
    Bytes(&'static [u8]),
    None,
    Some(Box<Said>),
    Seq(Vec<Said>),
    Tuple(Vec<Said>),
    TupleStruct(&'static str, Vec<Said>),
    UnitVariant(&'static str, &'static str),
    TupleVariant(&'static str, &'static str, Vec<Said>),
    Map(Vec<(Said, Said)>),
    Struct(&'static str, Vec<(&'static str, Said)>),
    StructVariant(&'static str, &'static str, Vec<(&'static str, Said)>),
}

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i128(*value),
            Self::F32(value) => serializer.serialize_f32(*value),
            Self::F64(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Bytes(value) => serializer.serialize_bytes(value),
            Self::None => serializer.serialize_none(),
            Self::Some(value) => serializer.serialize_some(value),
            Self::Seq(parts) => serializer.collect_seq(parts),
            Self::Tuple(parts) => {
                let mut tuple = serializer.serialize_tuple(parts.len())?;
                parts.iter().try_for_each(|part| tuple.serialize_element(part))?;
                tuple.end()
            }
            Self::TupleStruct(name, parts) => {
                let mut tuple = serializer.serialize_tuple_struct(name, parts.len())?;
                parts.iter().try_for_each(|part| tuple.serialize_field(part))?;
                tuple.end()
            }
            Self::UnitVariant(name, variant) => serializer.serialize_unit_variant(name, 0, variant),
            Self::TupleVariant(name, variant, parts) => {
                let mut tuple =
                    serializer.serialize_tuple_variant(name, 0, variant, parts.len())?;
                parts.iter().try_for_each(|part| tuple.serialize_field(part))?;
                tuple.end()
            }
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(k, v)| (k, v))),
            Self::Struct(name, fields) => {
                let mut fields_of = serializer.serialize_struct(name, fields.len())?;
                fields
                    .iter()
                    .try_for_each(|(name, value)| fields_of.serialize_field(name, value))?;
                fields_of.end()
            }
            Self::StructVariant(name, variant, fields) => {
                let mut fields_of =
                    serializer.serialize_struct_variant(name, 0, variant, fields.len())?;
                fields
                    .iter()
                    .try_for_each(|(name, value)| fields_of.serialize_field(name, value))?;
                fields_of.end()
            }
        }
    }
}

fn leaves() -> Vec<Said> {
    let texts = [
        "", "A", "AA", "1", "-1", "true", "NaN", "inf", "inff32", "NaNf32", ",", "'", "%-", "()",
        "?1", "A()", "A::A", "A=1", "0xA0", "é",
    ];
    let mut leaves: Vec<Said> = texts.into_iter().map(Said::Text).collect();
    leaves.extend([true, false].map(Said::Bool));
    leaves.extend([0, 1, -1, i128::MAX].map(Said::Integer));
    leaves.extend([0.0, 1.0, f32::INFINITY].map(Said::F32));
    leaves.extend([1.0, 1e300, f64::INFINITY, f64::NEG_INFINITY].map(Said::F64));
    leaves.extend([&b""[..], b"\xA0", b"\x0A", b"\x0A\x00"].map(Said::Bytes));
    leaves.extend([Said::None, Said::UnitVariant("A", "A"), Said::UnitVariant("A", "B")]);
    leaves
}

/// Every compound of at most two of `parts`.
fn compounds(parts: &[Said]) -> Vec<Said> {
    let lists = parts
        .iter()
        .map(|part| vec![part.clone()])
        .chain(parts.iter().flat_map(|a| parts.iter().map(move |b| vec![a.clone(), b.clone()])));
    let mut all: Vec<Said> = parts.iter().map(|part| Said::Some(Box::new(part.clone()))).collect();
    for list in lists.chain([vec![]]) {
        let fields = || ["A", "B"].into_iter().zip(list.iter().cloned()).collect();
        all.push(Said::Seq(list.clone()));
        all.push(Said::Tuple(list.clone()));
        all.push(Said::TupleStruct("A", list.clone()));
        all.push(Said::TupleVariant("A", "A", list.clone()));
        all.push(Said::Struct("A", fields()));
        all.push(Said::Struct("B", list.iter().cloned().map(|part| ("A", part)).collect()));
        all.push(Said::StructVariant("A", "B", fields()));
        if let [key, value] = &list[..] {
            all.push(Said::Map(vec![(key.clone(), value.clone())]));
            all.push(Said::Map(vec![(key.clone(), value.clone()), (value.clone(), key.clone())]));
        }
    }
    all
}

#[test]
fn all_small_values_have_texts_of_their_own() {
    let leaves = leaves();
    let flat = compounds(&leaves);
    let some = |values: &[Said], step| values.iter().step_by(step).cloned().collect::<Vec<_>>();
    let nested = compounds(&[some(&leaves, 3), some(&flat, flat.len() / 60)].concat());
    assert!(flat.len() > 10_000 && nested.len() > 30_000);

    let mut seen = HashMap::new();
    for value in leaves.iter().chain(&flat).chain(&nested) {
        if let Some(other) = seen.insert(spelled(value), value) {
            assert_eq!(value, other, "one text for two values");
        }
    }
}

#[test]
fn neighbours_never_meet() {
    let joined = |parts: &[&str]| {
        let mut buffer = TextBuffer::new();
        for part in parts {
            Spelled(part).write(&mut buffer);
            buffer.literal(",");
        }
        buffer.key().map(|key| key.own())
    };
    assert_ne!(joined(&["a:b", "c"]), joined(&["a", "b:c"]));
    assert_ne!(joined(&["a,b"]), joined(&["a", "b"]));
    assert_ne!(joined(&[""]), joined(&[]));
}

#[test]
fn ordinary_values_read_as_written() {
    #[derive(Serialize)]
    struct UserId(u64);
    #[derive(Serialize)]
    struct Page<'a> {
        from: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        order: Option<&'a str>,
        #[serde(rename = "a=b")]
        odd: (),
    }
    #[derive(Serialize)]
    enum Shape {
        Empty,
        Dot(u8, u8),
        Line { to: u8 },
    }
    assert_eq!(spelled(&(7_u64, "abc", -1_i8)), "(7,abc,-1)");
    assert_eq!(spelled(&UserId(5)), "UserId(5)");
    let page = |order| Page { from: 1, order, odd: () };
    assert_eq!(spelled(&page(None)), "Page{from=1,a%3Db=()}");
    assert_eq!(spelled(&page(Some("up"))), "Page{from=1,order=?up,a%3Db=()}");
    assert_eq!(spelled(&Shape::Empty), "Shape::Empty");
    assert_eq!(spelled(&[Shape::Dot(1, 2), Shape::Line { to: 3 }]), {
        "(Shape::Dot(1,2),Shape::Line{to=3})"
    });
    assert_eq!(spelled(&BTreeMap::from([("a", 1), ("1", 2)])), "{'1=2,a=1}");
    assert_eq!(spelled("user@example.org"), "user%40example.org");
    assert_eq!(spelled("42"), "'42");
    assert_eq!(spelled(&'x'), "x");
    assert_eq!(spelled(&u128::MAX), u128::MAX.to_string());
    assert_eq!(spelled(&"127.0.0.1".parse::<IpAddr>().ok()), "?'127.0.0.1");
    assert_eq!(spelled(&format_args!("a b")), "'a%20b");
}

#[test]
fn floats_are_told_apart_by_their_bits_but_for_nan() {
    assert_eq!(spelled(&0.0), "0.0");
    assert_eq!(spelled(&-0.0), "-0.0");
    assert_eq!(spelled(&(0.1 + 0.2)), "0.30000000000000004");
    assert_eq!(spelled(&f64::NAN), spelled(&-f64::NAN));
    assert_eq!(spelled(&f64::from_bits(0x7ff8_0000_0000_0001)), "NaN");
    assert_eq!(spelled(&f32::MIN_POSITIVE), "1.1754944e-38f32");
}

#[test]
fn a_serialize_that_fails_makes_a_key_that_names_nothing() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("no"))
        }
    }
    struct Mute;
    impl Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl Serialize for Mute {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    let names_nothing = |value: &dyn Fn(&mut TextBuffer)| {
        let mut buffer = TextBuffer::new();
        value(&mut buffer);
        buffer.key().is_none()
    };
    assert!(names_nothing(&|buffer| Spelled(&(1, Fails, 2)).write(buffer)));
    assert!(names_nothing(&|buffer| Spelled(&[Mute]).write(buffer)));
    assert!(!names_nothing(&|buffer| Spelled(&[1]).write(buffer)));
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Loose {
    Number(i16),
    Truth(bool),
    Text(String),
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(clippy::option_option, reason = "the very thing that must be told apart")]
enum Nested {
    Options(Option<Option<Option<()>>>),
    Lists(Vec<Vec<String>>),
    Pair(String, Option<String>),
    Sparse {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        b: Option<u8>,
    },
    Map(BTreeMap<String, Loose>),
    Inner(Box<Nested>, Loose),
}

/// Texts that are short, and made of what the grammar itself is made of.
fn text() -> impl Strategy<Value = String> {
    "[ab1,:='?%(){}\\[\\]-]{0,3}"
}

fn loose() -> impl Strategy<Value = Loose> {
    prop_oneof![
        (-2_i16..2).prop_map(Loose::Number),
        any::<bool>().prop_map(Loose::Truth),
        prop_oneof![text(), Just("true".to_owned()), Just("-1".to_owned())].prop_map(Loose::Text),
        Just(Loose::Nothing),
    ]
}

fn nested() -> impl Strategy<Value = Nested> {
    let option = || proptest::option::of(0_u8..2);
    let leaf = prop_oneof![
        any::<Option<Option<Option<()>>>>().prop_map(Nested::Options),
        proptest::collection::vec(proptest::collection::vec(text(), 0..3), 0..3)
            .prop_map(Nested::Lists),
        (text(), proptest::option::of(text())).prop_map(|(a, b)| Nested::Pair(a, b)),
        (option(), option()).prop_map(|(a, b)| Nested::Sparse { a, b }),
        proptest::collection::btree_map(text(), loose(), 0..3).prop_map(Nested::Map),
    ];
    leaf.prop_recursive(2, 8, 2, |inner| {
        (inner, loose()).prop_map(|(inner, loose)| Nested::Inner(Box::new(inner), loose))
    })
}

proptest! {
    /// A pool of values each time, so that near ones meet.
    #[test]
    fn texts_are_equal_exactly_where_values_are(
        values in proptest::collection::vec(nested(), 2..24)
    ) {
        let texts: Vec<String> = values.iter().map(spelled).collect();
        for (idx, value) in values.iter().enumerate() {
            for (other_idx, other) in values.iter().enumerate().skip(idx) {
                prop_assert_eq!(value == other, texts[idx] == texts[other_idx]);
            }
        }
    }
}

#[test]
fn an_empty_text_names_nothing_whatever_stands_around_it() {
    let is_key = |text: &str| {
        let mut buffer = TextBuffer::new();
        buffer.literal("host/");
        (&&SpelledWhole(&text)).part().write(&mut buffer);
        buffer.key().is_some()
    };
    assert!(is_key("a"));
    assert!(!is_key(""));
}
