//! Entries beyond this process: what is between a call and a store.

mod codec;
mod envelope;
mod shape;
