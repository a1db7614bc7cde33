#![no_main]

use cached_web::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|lines: Vec<&[u8]>| fuzzing::directives(&lines));
