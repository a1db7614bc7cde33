//! `Cache`: every method, on its own and against what other threads, tasks and processes do.
//!
//! Every test is in an isolation of its own. Two isolations that share one store are two processes.

mod failing;
mod loads;
mod numbers;
mod single;
mod support;
mod whole;
