#![no_main]

use cached_web::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|queries: (&str, &str)| fuzzing::queries(queries.0, queries.1));
