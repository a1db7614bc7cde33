//! The rules of a shared cache as RFC 9111 has it, on `http` types.
//!
//! What may be stored, how long it is fresh, which request it may answer and how, what a validation
//! asks and what its answer changes, what an unsafe request makes invalid. Nothing here reads a clock,
//! keeps a response or calls a service: times are handed in, and `layer/rfc9111.rs` acts on what these
//! rules say.

mod age;
mod answer;
mod asked;
mod control;
mod freshness;
mod invalidation;
mod range;
mod reuse;
mod selection;
mod stored;
mod storing;
mod terms;
mod validation;

pub(crate) use answer::{answer, gateway_timeout};
pub(crate) use asked::Asked;
pub(crate) use control::{CAPABILITY, Control};
pub(crate) use invalidation::{is_safe, named, took_effect};
pub(crate) use reuse::{Reuse, is_failure, reuse};
pub(crate) use selection::{Selection, flight_values};
pub(crate) use stored::{Received, Stored};
pub(crate) use storing::{Refusal, storable};
pub(crate) use validation::{condition, confirmed, freshened, without_conditions};
