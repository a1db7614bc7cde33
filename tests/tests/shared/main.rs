//! Shared functions as their users call them: over one store from several processes, while loads
//! race invalidations, and while stores fail.

mod failures;
mod freshness;
mod functions;
mod processes;
mod races;
mod script;
mod tag_costs;
mod tags;
mod world;

/// Longer than anything here takes, shorter than anybody wants to wait for a deadlock.
const BOUND: std::time::Duration = std::time::Duration::from_secs(20);
