#![no_main]

use cached_runtime::fuzzing;
use libfuzzer_sys::fuzz_target;

/// Something to compress: short bytes, many times.
type Input<'a> = (&'a [u8], u8, usize, u8);

fuzz_target!(|input: Input<'_>| {
    let (bytes, times, at, change) = input;
    fuzzing::compression(&bytes.repeat(usize::from(times)), at, change);
});
