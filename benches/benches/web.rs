//! `cargo bench -p cached-benches --no-default-features --features web --bench web`: what a page from a
//! cache costs, here and elsewhere.
//!
//! First without sockets, in nanoseconds and allocations. Then over the loopback, where a server and
//! the client have a thread each. Both are in this process, so that what either costs can be told. One
//! part, or one framework, alone: `.. --bench web -- calls`, `.. -- sockets axum`.
//!
//! Handlers write their page and ask no database, so a cache saves more in earnest.

use std::ops::Range;

use cached_benches::contest::{self, Contest};
use cached_benches::web::axum::{self, Site, peers};
use cached_benches::web::load::{self, Visitor};
use cached_benches::web::pages::Size;
use cached_benches::web::race::{self, Server};
use cached_benches::web::{actix, calls, poem, rocket, salvo};

/// Rounds of a contest without sockets.
const ROUNDS: usize = 61;

/// What visitors ask for, and how tables call it.
const KINDS: [(Size, Visitor, &str); 4] = [
    (Size::Small, Visitor::New, "2 kB"),
    (Size::Large, Visitor::New, "40 kB"),
    (Size::Small, Visitor::Returning, "2 kB, If-None-Match"),
    (Size::Large, Visitor::Returning, "40 kB, If-None-Match"),
];

fn main() {
    // All parts, or those that are named: `cargo bench .. --bench web -- sockets axum`.
    let named: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_asked = |part: &str| named.is_empty() || named.iter().any(|word| word == part);
    if is_asked("calls") {
        without_sockets();
    }
    if is_asked("sockets") {
        let is_any = !named.iter().any(|word| TRACKS.iter().any(|(name, _)| name == word));
        over_sockets(&|framework| is_any || is_asked(framework));
    }
}

fn without_sockets() {
    println!("Without sockets: a request is made, axum's router calls, the response is dropped");
    let routed = KINDS.map(|(size, visitor, what)| routed(size, visitor, what));
    println!(
        "\nWithout sockets and router: a layer in front of a service that has its pages at hand"
    );
    let bare = KINDS.map(|(size, visitor, what)| bare(size, visitor, what));
    println!("\nWithout sockets: a page that nobody has asked for before");
    let _ = [(Size::Small, "2 kB"), (Size::Large, "40 kB")].map(|(size, what)| missed(size, what));

    println!("\nBudgets{:>60} {:>9}", "measured", "at most");
    let fastest =
        |lines: &[contest::Line]| lines.iter().map(|line| line.nanos).fold(f64::MAX, f64::min);
    for ((_, _, what), lines) in KINDS.iter().zip(&routed) {
        let best = fastest(&lines[3..6]);
        budget(&format!("{what}: the attribute, times the fastest peer"), lines[1].nanos / best);
        budget(&format!("{what}: the layer, times the fastest peer"), lines[2].nanos / best);
    }
    for ((_, _, what), lines) in KINDS.iter().zip(&bare) {
        let measured = lines[1].nanos / fastest(&lines[2..]);
        budget(&format!("{what}: the layer alone, times the fastest peer"), measured);
    }
}

/// The servers of one framework.
struct Track {
    servers: Vec<Server>,
    /// What of this crate is where among them.
    ours: &'static [(&'static str, usize)],
    /// Where the published caches are.
    peers: Range<usize>,
}

type Make = fn() -> Track;

const TRACKS: [(&str, Make); 5] =
    [("axum", axum), ("actix-web", actix), ("rocket", rocket), ("poem", poem), ("salvo", salvo)];

fn over_sockets(is_asked: &dyn Fn(&str) -> bool) {
    println!(
        "\nOver sockets: {} connections, a thread for the server and one for the client",
        load::CONNECTIONS,
    );
    let mut budgets = Vec::new();
    for (framework, track) in TRACKS.into_iter().filter(|(framework, _)| is_asked(framework)) {
        let Track { servers, ours, peers } = track();
        for (size, visitor, what) in KINDS {
            let lines = race::run(&format!("{framework}, {what}"), &servers, size, visitor);
            // The ratios are those of one round: what else the machine did weighs on both.
            let best = lines[peers.clone()].iter().map(|line| line.ratio).reduce(f64::max);
            for (name, at) in ours {
                let what = format!("{framework}, {what}: {name}, best peer over ours");
                budgets.extend(best.map(|best| (what, best / lines[*at].ratio)));
            }
        }
    }
    println!("\nBudgets{:>60} {:>9}", "measured", "at most");
    for (what, measured) in budgets {
        budget(&what, measured);
    }
}

fn axum() -> Track {
    Track {
        servers: axum::sites().into_iter().map(axum::serve).collect(),
        ours: &[("attribute", 1), ("layer", 2)],
        peers: 3..6,
    }
}

fn actix() -> Track {
    let servers = vec![
        actix::serve("cached-web, the attribute", true, actix::attribute),
        actix::serve("cached-web, the layer", true, actix::layer),
        actix::serve("actix_tower 0.1", true, actix::actix_tower_0_1),
        actix::serve("actix-web, no cache", false, actix::uncached),
    ];
    Track { servers, ours: &[("attribute", 0), ("layer", 1)], peers: 2..3 }
}

fn rocket() -> Track {
    let servers = vec![
        rocket::serve("cached-web, the attribute", true, rocket::attribute()),
        rocket::serve("rocket, no cache", false, rocket::uncached()),
    ];
    Track { servers, ours: &[], peers: 0..0 }
}

fn poem() -> Track {
    let servers = vec![
        poem::serve("cached-web, the attribute", true, poem::attribute()),
        poem::serve("cached-web, the layer", true, poem::layer()),
        poem::serve("poem, no cache", false, poem::uncached()),
    ];
    Track { servers, ours: &[], peers: 0..0 }
}

fn salvo() -> Track {
    let servers = vec![
        salvo::serve("cached-web, the attribute", true, salvo::attribute),
        salvo::serve("cached-web, the layer", true, salvo::layer),
        salvo::serve("salvo's own cache", true, salvo::salvo_cache_1),
        salvo::serve("salvo, no cache", false, salvo::uncached),
    ];
    Track { servers, ours: &[("attribute", 0), ("layer", 1)], peers: 2..3 }
}

fn budget(what: &str, measured: f64) {
    let verdict = if measured <= 1.0 { "" } else { "  over" };
    println!("{what:<58} {measured:>8.2} {:>9.2}{verdict}", 1.0);
}

fn routed(size: Size, visitor: Visitor, what: &'static str) -> Vec<contest::Line> {
    let sites = axum::sites().into_iter();
    sites
        .fold(Contest::new(what, calls::CALLS).rounds(ROUNDS), |contest, site| {
            contest
                .with(site.name, calls::hits(site.name, site.is_cached, site.router, size, visitor))
        })
        .with("a request made and dropped", calls::nothing(size))
        .run()
}

fn bare(size: Size, visitor: Visitor, what: &'static str) -> Vec<contest::Line> {
    let service = axum::bare();
    let contest = Contest::new(what, calls::CALLS).rounds(ROUNDS);
    let contest = hit(contest, "the service alone", service.clone(), size, visitor);
    let layered = axum::layered(service.clone());
    let contest = hit(contest, "cached-web, the layer", layered, size, visitor);
    let layered = peers::axum_response_cache_0_5(service.clone());
    let contest = hit(contest, "axum-response-cache 0.5", layered, size, visitor);
    let layered = peers::tower_http_cache_0_6(service.clone());
    let contest = hit(contest, "tower-http-cache 0.6", layered, size, visitor);
    let layered = peers::http_cache_tower_server_0_2(service);
    hit(contest, "http-cache-tower-server 0.2", layered, size, visitor).run()
}

fn hit(
    contest: Contest,
    name: &'static str,
    service: impl Site,
    size: Size,
    visitor: Visitor,
) -> Contest {
    contest.with(name, calls::hits(name, false, service, size, visitor))
}

fn missed(size: Size, what: &'static str) -> Vec<contest::Line> {
    let mut sites = axum::sites();
    // Compared with the handler alone.
    sites.rotate_right(1);
    let contest = Contest::new(what, calls::CALLS).rounds(ROUNDS / 3);
    let with = |contest: Contest, site: axum::Named| {
        contest.with(site.name, calls::misses(site.router, size))
    };
    sites.into_iter().filter(|site| site.name != axum::AT_HAND).fold(contest, with).run()
}
