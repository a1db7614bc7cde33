//! What is encoded comes back as it went; what would not is not encoded; bytes do no harm.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::*;

const CODECS: &[Codec] = &[
    Codec::Json,
    #[cfg(feature = "msgpack")]
    Codec::MessagePack,
];

#[allow(clippy::needless_pass_by_value, reason = "values are written where they are called for")]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    for codec in CODECS {
        let bytes = codec.encode(&value).unwrap_or_else(|error| panic!("{value:?}: {error:?}"));
        assert_eq!(codec.decode::<T>(&bytes).unwrap(), value, "{codec:?}");
    }
}

#[allow(clippy::needless_pass_by_value, reason = "values are written where they are called for")]
fn is_not_encoded<T: Serialize + Debug>(value: T) {
    for codec in CODECS {
        let error = codec.encode(&value).expect_err("encoded");
        assert_eq!(error.kind(), ErrorKind::Codec, "{codec:?}, {value:?}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped<T>(T);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Next(Box<Chain>),
    Pair(u8, Box<Chain>),
    Named { next: Box<Chain> },
}

#[test]
fn values_come_back() {
    comes_back((1_u8, -1_i64, u64::MAX, i128::MIN, u128::MAX, true, 'é', "text".to_owned()));
    comes_back((0.1_f32, 0.1_f64 + 0.2, f64::MIN_POSITIVE, f32::MAX));
    comes_back(vec![Some(1), None]);
    comes_back(Some(Some(1)));
    comes_back(Some(vec![((), None), ((), Some(1))]));
    comes_back(((), Unit, [Some(Wrapped(1)), None]));
    comes_back(HashMap::from([(1_u64, "a".to_owned()), (2, String::new())]));
    comes_back(BTreeMap::from([('a', vec![0_u8, 255])]));
    comes_back(Chain::Pair(1, Chain::Named { next: Chain::End.into() }.into()));
    comes_back((Duration::from_millis(1), "127.0.0.1".parse::<IpAddr>().unwrap()));
    comes_back::<Arc<str>>("shared".into());
    comes_back::<Result<u8, String>>(Err("no".to_owned()));
}

#[test]
fn the_sign_of_zero_and_every_digit_come_back() {
    let values = [-0.0, 5e-324, 9_007_199_254_740_993.0, 123_456.789_012_345_67, f64::MAX];
    for value in values {
        for codec in CODECS {
            let back: f64 = codec.decode(&codec.encode(&value).unwrap()).unwrap();
            assert_eq!(back.to_bits(), value.to_bits(), "{codec:?}");
        }
    }
}

#[test]
#[allow(clippy::option_option, reason = "the very thing that does not come back")]
fn what_would_come_back_as_none_is_not_encoded() {
    is_not_encoded(Some(None::<u8>));
    is_not_encoded(Some(()));
    is_not_encoded(Some(Unit));
    is_not_encoded(Some(Wrapped(None::<u8>)));
    is_not_encoded(vec![(1, Some(Value::Null))]);
    is_not_encoded(BTreeMap::from([("a", Some(None::<u8>))]));
}

#[test]
fn json_does_not_encode_what_it_has_no_form_for() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(Codec::Json.encode(&vec![value]).is_err());
    }
    assert!(Codec::Json.encode(&Wrapped(f32::NAN)).is_err());
    assert!(Codec::Json.encode(&HashMap::from([((1, 2), 3)])).is_err());
}

#[cfg(feature = "msgpack")]
#[test]
fn message_pack_has_a_form_for_them() {
    let codec = Codec::MessagePack;
    let back: f64 = codec.decode(&codec.encode(&f64::NEG_INFINITY).unwrap()).unwrap();
    assert_eq!(back.to_bits(), f64::NEG_INFINITY.to_bits());
    let back: f64 = codec.decode(&codec.encode(&f64::NAN).unwrap()).unwrap();
    assert!(back.is_nan());
    let map = HashMap::from([((1, 2), 3)]);
    assert_eq!(codec.decode::<HashMap<(u8, u8), u8>>(&codec.encode(&map).unwrap()).unwrap(), map);
}

/// One more level than is decoded is not encoded either, in whichever way levels are made.
#[test]
fn what_is_encoded_is_not_too_deep_to_be_decoded() {
    let wraps: [fn(Chain) -> Chain; 3] = [
        |chain| Chain::Next(chain.into()),
        |chain| Chain::Pair(1, chain.into()),
        |chain| Chain::Named { next: chain.into() },
    ];
    for (wrap, most) in wraps.into_iter().zip([127, 63, 63]) {
        let deep = |levels| (0..levels).fold(Chain::End, |chain, _| wrap(chain));
        comes_back(deep(most));
        is_not_encoded(deep(most + 1));
    }
}

#[test]
fn bytes_that_nest_without_end_are_an_error_and_no_abort() {
    let json = br#"{"Next":"#.repeat(1_000_000);
    assert!(Codec::Json.decode::<Chain>(&json).is_err());
    assert!(Codec::Json.decode::<Value>(&b"[".repeat(1_000_000)).is_err());
    #[cfg(feature = "msgpack")]
    {
        let bytes = [b"\x81\xA4Next".repeat(1_000_000), b"\xA3End".to_vec()].concat();
        assert!(Codec::MessagePack.decode::<Chain>(&bytes).is_err());
        assert!(Codec::MessagePack.decode::<Value>(&[0x91].repeat(1_000_000)).is_err());
    }
}

#[test]
fn bytes_after_the_value_are_an_error() {
    for codec in CODECS {
        let mut bytes = codec.encode(&(1, "a")).unwrap();
        assert!(codec.decode::<(u8, String)>(&bytes).is_ok());
        bytes.push(b'1');
        assert_eq!(codec.decode::<(u8, String)>(&bytes).unwrap_err().kind(), ErrorKind::Codec);
    }
}

#[test]
fn a_codec_has_a_name_and_a_number() {
    for codec in CODECS {
        assert_eq!(Codec::of(codec.id()), Some(*codec));
    }
    assert_eq!(Codec::of(2), None);
    assert_eq!("json".parse::<Codec>().unwrap(), Codec::default());
    assert_eq!("msgpack".parse::<Codec>().is_ok(), cfg!(feature = "msgpack"));
    assert_eq!(
        "yaml".parse::<Codec>().unwrap_err().to_string(),
        "invalid configuration: unknown codec `yaml`; write `json` or `msgpack`"
    );
}
