//! What the test suites in `tests/` share: real servers, started for one test and stopped after it.

pub mod servers;
