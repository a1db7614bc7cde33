//! Entries beyond this process: what is between a call and a store.

pub(crate) mod codec;
pub(crate) mod envelope;
pub(crate) mod shape;
