//! The shop of the examples, on axum.

use std::process::Command;

use crate::process::Process;

pub struct Shop {
    _process: Process,
    base: String,
}

impl Shop {
    /// Starts the program that `SHOP` names, on a free port.
    pub fn start() -> Self {
        let program = std::env::var("SHOP").expect("SHOP names the shop; use tests/browser/run.sh");
        let mut command = Command::new(program);
        // In memory, whatever the environment says of caches.
        command.env("PORT", "0").env_remove("CACHE_URL").env_remove("CACHE_TYPE");
        let address = |line: &str| line.strip_suffix("/items").map(str::to_owned);
        let (process, base) = Process::start(&mut command, address);
        Self { _process: process, base }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}
