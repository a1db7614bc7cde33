//! Shared functions as their users call them: over one store from several processes, while loads
//! race invalidations, and while stores fail.

mod functions;
mod races;
mod world;
