#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use cached_fuzz::{Node, Record};
use cached_runtime::fuzzing::{self, Codec};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::bytes::<Value>(Codec::MessagePack, bytes);
    fuzzing::bytes::<Record>(Codec::MessagePack, bytes);
    fuzzing::bytes::<Node>(Codec::MessagePack, bytes);
    if let Ok(record) = Record::arbitrary(&mut Unstructured::new(bytes)) {
        fuzzing::value(Codec::MessagePack, &record);
    }
});
