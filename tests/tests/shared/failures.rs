//! Stores that fail: the call returns what the body returns, or a hit, and no more than one
//! operation's timeout later; invalidations are not lost; hits come back by themselves.

mod faults;
mod files;
mod overdue;
mod servers;
mod trial;
