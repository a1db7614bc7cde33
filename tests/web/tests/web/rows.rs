//! The rows of the table: what is asked of every adapter, one file a topic.

pub mod ages;
pub mod attacks;
pub mod background;
pub mod bodies;
pub mod crowds;
pub mod directives;
pub mod failures;
pub mod fields;
pub mod keys;
pub mod orders;
pub mod requests;
pub mod said;
pub mod statuses;
pub mod tags;
pub mod users;
pub mod validators;
pub mod variants;
