//! A master with a replica, and one Sentinel that watches them and decides alone.

use std::fs;

use super::process::{Directory, Process, free_port};
use super::redis::{Redis, cli};
use super::wait_until;

/// What the Sentinel calls the master.
const NAME: &str = "main";

/// Two Redis servers, one of which is the master, and a Sentinel.
pub struct Sentinel {
    /// The first master.
    pub master: Redis,
    /// Its replica, until it takes over.
    pub replica: Redis,
    port: u16,
    _process: Process,
    _directory: Directory,
}

impl Sentinel {
    /// Starts them, and waits until the Sentinel knows both and the replica has everything.
    #[must_use]
    pub fn start() -> Self {
        let master = Redis::start();
        let of_master = format!("127.0.0.1 {}", master.port());
        let replica = Redis::start_with(&["--replicaof", &of_master]);
        wait_until("the replica has everything", || {
            replica.cli(&["INFO", "replication"]).contains("master_link_status:up")
        });

        let (directory, port) = (Directory::new(), free_port());
        let file = directory.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\n\
             sentinel monitor {NAME} 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds {NAME} 500\n\
             sentinel failover-timeout {NAME} 3000\n",
            directory.path().display(),
            master.port(),
        );
        fs::write(&file, settings).expect("the settings are written");
        let process = Process::start("redis-sentinel", port, [file]);
        wait_until("the Sentinel knows the replica", || {
            cli(port, &["SENTINEL", "REPLICAS", NAME]).contains(&replica.port().to_string())
        });
        Self { master, replica, port, _process: process, _directory: directory }
    }

    /// The Sentinel's URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What the Sentinel calls the master.
    #[must_use]
    pub fn master_name(&self) -> &'static str {
        NAME
    }

    /// Waits until the Sentinel has made the replica the master.
    pub fn wait_for_failover(&self) {
        let new = self.replica.port().to_string();
        wait_until("the replica is the master", || {
            cli(self.port, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]).contains(&new)
                && self.replica.cli(&["ROLE"]).starts_with("master")
        });
    }

    /// Swaps the roles of both by hand and tells the Sentinel, so that nobody closes a connection.
    pub fn swap_roles(&self) {
        let (old, new) = (self.master.port().to_string(), self.replica.port().to_string());
        assert_eq!(self.replica.cli(&["REPLICAOF", "NO", "ONE"]), "OK");
        assert_eq!(cli(self.port, &["SENTINEL", "REMOVE", NAME]), "OK");
        assert_eq!(self.master.cli(&["REPLICAOF", "127.0.0.1", &new]), "OK");
        let answer = cli(self.port, &["SENTINEL", "MONITOR", NAME, "127.0.0.1", &new, "1"]);
        assert_eq!(answer, "OK", "the Sentinel leaves {old} for {new}");
    }

    /// Has the Sentinel swap the roles of both, which stay up.
    pub fn fail_over(&self) {
        // It takes its time to find the replica good enough.
        wait_until("the Sentinel fails over", || {
            cli(self.port, &["SENTINEL", "FAILOVER", NAME]) == "OK"
        });
        self.wait_for_failover();
    }
}
