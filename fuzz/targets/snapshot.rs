#![no_main]

use cached_web::fuzzing::Snapshot;
use libfuzzer_sys::fuzz_target;

// Bytes that decode give a snapshot that comes back.
fuzz_target!(|bytes: &[u8]| {
    if let Ok(snapshot) = serde_json::from_slice::<Snapshot>(bytes) {
        let again = serde_json::to_vec(&snapshot).expect("it has been read");
        let back: Snapshot = serde_json::from_slice(&again).expect("it was written");
        assert_eq!(back, snapshot);
    }
});
