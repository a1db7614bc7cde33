#![no_main]

use cached_fuzz::Part;
use cached_runtime::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: [Part; 2]| {
    let [one, other] = &parts;
    fuzzing::spelled([one, other]);
});
