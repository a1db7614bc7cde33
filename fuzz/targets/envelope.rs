#![no_main]

use cached_runtime::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzzing::envelope(bytes));
