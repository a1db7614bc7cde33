//! `cargo bench -p cached-benches --no-default-features --features web --bench web`: what a page costs
//! from a cache, here and elsewhere.
//!
//! First without sockets, in nanoseconds and allocations; then with a server and a client that have a
//! thread each, on the loopback. The servers and the client are one process, so that what the server
//! costs can be told from what the client does.

use cached_benches::contest::{self, Contest};
use cached_benches::web::axum::{self, Site, peers};
use cached_benches::web::load::Visitor::{self, New, Returning};
use cached_benches::web::pages::Size;
use cached_benches::web::race::{self, Server};
use cached_benches::web::{actix, calls, poem, rocket, salvo};

/// Rounds of a contest without sockets.
const ROUNDS: usize = 61;

fn main() {
    for visitor in [New, Returning] {
        for size in [Size::Small, Size::Large] {
            let _ = routed(size, visitor);
        }
    }
    let sites: [&[Server]; 5] = [
        &[
            axum::serve("axum, pages at hand (the floor)", false, axum::at_hand()),
            axum::serve(
                "axum-response-cache 0.5",
                true,
                axum::behind(peers::axum_response_cache_0_5),
            ),
            axum::serve("tower-http-cache 0.6", true, axum::behind(peers::tower_http_cache_0_6)),
            axum::serve(
                "http-cache-tower-server 0.2",
                true,
                axum::behind(peers::http_cache_tower_server_0_2),
            ),
            axum::serve("axum, no cache", false, axum::uncached()),
        ],
        &[
            actix::serve("actix_tower 0.1", true, actix::actix_tower_0_1),
            actix::serve("actix-web, no cache", false, actix::uncached),
        ],
        &[rocket::serve("rocket, no cache", false, rocket::uncached())],
        &[poem::serve("poem, no cache", false, poem::uncached())],
        &[
            salvo::serve("salvo's own cache", true, salvo::salvo_cache_1),
            salvo::serve("salvo, no cache", false, salvo::uncached),
        ],
    ];
    for servers in sites {
        for visitor in [New, Returning] {
            for size in [Size::Small, Size::Large] {
                let _ = race::run("Over sockets", servers, size, visitor);
            }
        }
    }
}

fn routed(size: Size, visitor: Visitor) -> Vec<contest::Line> {
    Contest::new("A hit", calls::CALLS)
        .rounds(ROUNDS)
        .with("axum, pages at hand (the floor)", calls::hits(false, axum::at_hand(), size, visitor))
        .with(
            "axum-response-cache 0.5",
            calls::hits(true, axum::behind(peers::axum_response_cache_0_5), size, visitor),
        )
        .with(
            "tower-http-cache 0.6",
            calls::hits(true, axum::behind(peers::tower_http_cache_0_6), size, visitor),
        )
        .with(
            "http-cache-tower-server 0.2",
            calls::hits(true, axum::behind(peers::http_cache_tower_server_0_2), size, visitor),
        )
        .with("axum, no cache", calls::hits(false, axum::uncached(), size, visitor))
        .with("a request made and dropped", calls::nothing(size))
        .run()
}
