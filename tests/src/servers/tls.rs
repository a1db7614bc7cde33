//! A Redis server that speaks TLS only, with a certificate of an authority that nobody else trusts.

use std::fs;
use std::path::{Path, PathBuf};

use super::process::{Directory, Process, free_port, run};

/// A Redis server behind TLS.
pub struct RedisTls {
    _process: Process,
    port: u16,
    directory: Directory,
}

impl RedisTls {
    /// Makes an authority and a certificate for 127.0.0.1, and starts a server with that.
    #[must_use]
    pub fn start() -> Self {
        let (directory, port) = (Directory::new(), free_port());
        let path = |name: &str| directory.path().join(name).display().to_string();
        make_certificates(directory.path());
        let (number, place) = (port.to_string(), path(""));
        let (certificate, key, authority) =
            (path("server.pem"), path("server.key"), path("ca.pem"));
        let settings = [
            ["--port", "0"],
            ["--tls-port", &number],
            ["--bind", "127.0.0.1"],
            ["--dir", &place],
            ["--save", ""],
            ["--tls-cert-file", &certificate],
            ["--tls-key-file", &key],
            ["--tls-ca-cert-file", &authority],
            ["--tls-auth-clients", "no"],
        ];
        let process = Process::start("redis-server", port, settings.as_flattened());
        Self { _process: process, port, directory }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }
}

fn make_certificates(directory: &Path) {
    let path = |name: &str| directory.join(name).display().to_string();
    let extensions = "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n";
    fs::write(path("extensions"), extensions).expect("the extensions are written");
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let openssl = |first: &[&str], rest: &[&str]| {
        run("openssl", first.iter().chain(rest));
    };
    openssl(
        &["req", "-x509", "-days", "2", "-subj", "/CN=authority"],
        &[&new_key[..], &["-keyout", &path("ca.key"), "-out", &path("ca.pem")]].concat(),
    );
    openssl(
        &["req", "-new", "-subj", "/CN=127.0.0.1"],
        &[&new_key[..], &["-keyout", &path("server.key"), "-out", &path("server.csr")]].concat(),
    );
    openssl(
        &["x509", "-req", "-days", "2", "-CAcreateserial"],
        &[
            "-in",
            &path("server.csr"),
            "-CA",
            &path("ca.pem"),
            "-CAkey",
            &path("ca.key"),
            "-extfile",
            &path("extensions"),
            "-out",
            &path("server.pem"),
        ],
    );
}
