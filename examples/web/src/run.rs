//! What an example does: it serves until it is stopped, or with `--check` visits its own pages.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::{env, io};

use futures_util::future::{self, Either};

use crate::visits;

/// What can go wrong is printed.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Listens on this machine: on `PORT`, on 8080 without it, or with `--check` on a port that is free.
pub fn listen() -> Result<TcpListener> {
    let port = match env::var("PORT") {
        _ if is_check() => 0,
        Ok(port) => port.parse()?,
        Err(_) => 8080,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Runs a server that listens on an address. With `--check` until its pages have been visited.
pub async fn run<T>(address: SocketAddr, server: impl IntoFuture<Output = T>) -> Result {
    let visits = async {
        if is_check() {
            return visits::visit(address).await;
        }
        println!("http://{address}/items");
        future::pending().await
    };
    match future::select(pin!(server.into_future()), pin!(visits)).await {
        Either::Left(_) => Err(io::Error::other("the server has ended").into()),
        Either::Right((result, _)) => result,
    }
}

fn is_check() -> bool {
    env::args().any(|arg| arg == "--check")
}
