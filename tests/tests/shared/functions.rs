//! What a shared function does that a local one does not, and what it does all the same.

mod answers;
mod counters;
mod handles;
mod identity;
mod keys;
mod lives;
mod schemas;
