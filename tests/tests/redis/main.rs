//! The Redis store against real servers: plain, behind Sentinel, a Cluster, over TLS.

mod bus;
mod callers;
mod cluster;
mod failures;
mod operations;
mod options;
mod runtimes;
mod sentinel;
mod tls;
