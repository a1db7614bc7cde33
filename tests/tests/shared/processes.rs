//! Real processes around real stores: this test binary, run again as a child that does as it is
//! told.

mod backplane;
mod child;
mod children;
mod environment;
mod foreign;
mod leases;
mod renewals;
