//! A Redis Cluster of three masters without replicas.

use super::process::{Directory, Process, free_port};
use super::redis::cli;
use super::wait_until;

/// The hash slots of each member, first and last.
const SLOTS: [(&str, &str); 3] = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];

/// A Cluster of three.
pub struct Cluster {
    members: Vec<Member>,
}

struct Member {
    process: Process,
    port: u16,
    _directory: Directory,
}

impl Cluster {
    /// Starts it, and waits until every member knows that all slots are served.
    #[must_use]
    pub fn start() -> Self {
        let members: Vec<_> = SLOTS.iter().map(|slots| Member::start(*slots)).collect();
        let cluster = Self { members };
        for member in &cluster.members[1..] {
            let (port, bus) = (member.port.to_string(), member.bus().to_string());
            let answer = cluster.cli(0, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
            assert_eq!(answer, "OK", "a member joins");
        }
        wait_until("the Cluster serves all slots", || {
            (0..SLOTS.len()).all(|member| {
                let info = cluster.cli(member, &["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
        });
        cluster
    }

    /// The URLs of all members.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.members.iter().map(|member| format!("redis://127.0.0.1:{}", member.port)).collect()
    }

    /// Runs a command on one of the members, 0 to 2.
    #[must_use]
    pub fn cli(&self, member: usize, args: &[&str]) -> String {
        cli(self.members[member].port, args)
    }

    /// Stops a member in its tracks.
    pub fn stop(&self, member: usize) {
        self.members[member].process.signal("STOP");
    }

    /// Lets a member go on.
    pub fn cont(&self, member: usize) {
        self.members[member].process.signal("CONT");
    }
}

impl Member {
    fn start((first, last): (&str, &str)) -> Self {
        let (directory, port, bus) = (Directory::new(), free_port(), free_port());
        let (number, bus_number) = (port.to_string(), bus.to_string());
        let path = directory.path().display().to_string();
        let settings = [
            ["--port", &number],
            ["--bind", "127.0.0.1"],
            ["--dir", &path],
            ["--save", ""],
            ["--cluster-enabled", "yes"],
            ["--cluster-port", &bus_number],
            ["--cluster-node-timeout", "2000"],
        ];
        let process = Process::start("redis-server", port, settings.as_flattened());
        wait_until("a member answers", || cli(port, &["PING"]) == "PONG");
        let answer = cli(port, &["CLUSTER", "ADDSLOTSRANGE", first, last]);
        assert_eq!(answer, "OK", "a member takes its slots");
        Self { process, port, _directory: directory }
    }

    fn bus(&self) -> u16 {
        let port = cli(self.port, &["CONFIG", "GET", "cluster-port"]);
        port.lines().last().and_then(|port| port.parse().ok()).expect("a member tells its bus port")
    }
}
