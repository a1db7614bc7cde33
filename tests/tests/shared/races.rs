//! Loads that something overtakes, in this process or another, and the leases of loads.

mod leases;
mod overtaken;
mod renewals;
