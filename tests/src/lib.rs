//! The test suites of cached-runtime are in `tests/`.
