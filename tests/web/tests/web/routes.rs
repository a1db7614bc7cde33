//! The routes of every site: what the attribute of a handler says, and the same for a layer.
//!
//! Each route is at `/<its name>/<page>`, for all methods, and answers what the page's script says.

/// Hands the table to a macro that builds a site of it: one framework's handlers and routes.
///
/// Arguments that name what a handler is given are with each framework's handlers. A route without a
/// layer has arguments that layers do not know. Those after `background` have loads that nobody waits
/// for, which rocket has not.
macro_rules! routes {
    ($site:ident) => {
        $site! {
            plain(timeout = 60) = CacheLayer::new(60),
            brief(timeout = 10) = CacheLayer::new(10),
            lasting(timeout = never) = CacheLayer::new(Timeout::NEVER),

            // The key.
            ignoring(timeout = 60, ignore_query("utm_*", "ref"))
                = CacheLayer::new(60).ignore_query(["utm_*", "ref"]),
            choosing(timeout = 60, only_query("page")) = CacheLayer::new(60).only_query(["page"]),
            hostless(timeout = 60, host = false) = CacheLayer::new(60).host(false),
            speaking(timeout = 60, vary("accept-language"))
                = CacheLayer::new(60).vary(["Accept-Language"]),

            // What is stored.
            careless(timeout = 60, credentials = "ignore")
                = CacheLayer::new(60).ignore_credentials(),
            small(timeout = 60, max_body = 1000) = CacheLayer::new(60).max_body(1000),
            copied(timeout = 60, stream = "tee", max_body = 1000)
                = CacheLayer::new(60).tee().max_body(1000),
            missing(timeout = 60, not_found_timeout = 10)
                = CacheLayer::new(60).not_found_timeout(Duration::from_secs(10)),
            chosen(timeout = 60, store_if = |response| response.headers().contains_key("x-keep")),
            timed(
                timeout = 60,
                timeout_of = |response| Duration::from_secs(response.body().len() as u64)
            ),

            // What is sent.
            strong(timeout = 60, etag = "strong") = CacheLayer::new(60).etag(ETags::Strong),
            unmarked(timeout = 60, etag = "off") = CacheLayer::new(60).etag(ETags::Off),
            quiet(timeout = 60, cache_status = false) = CacheLayer::new(60).cache_status(false),
            public(timeout = 60, cache_control = "public, max-age=30")
                = CacheLayer::new(60).cache_control("public, max-age=30"),
            refreshable(timeout = 60, client_refresh = true)
                = CacheLayer::new(60).client_refresh(),

            // Failures.
            surviving(timeout = 10, stale_if_error = "1h")
                = CacheLayer::new(10).stale_if_error(Duration::from_hours(1)),
            picky(
                timeout = 10,
                stale_if_error = "1h",
                stale_if = |response| response.headers().contains_key("x-failed")
            ),
            hurried(timeout = 10, hard_timeout = "2s"),
            enduring(timeout = 10, hard_timeout = "2s", stale_if_error = "1h"),

            // Tags.
            shared(timeout = 60, shared, tags("pages"))
                = CacheLayer::new(60).shared("default").name("shared").tags(["pages"]),
            tagged(timeout = 60, tags("pages")) = CacheLayer::new(60).tags(["pages"]),
            tagging(
                timeout = 60,
                tags(|response| [response.headers()["x-tag"].to_str().unwrap().to_owned()])
            );

            background:
            renewed(timeout = 10, stale = "1h"),
            ahead(timeout = 10, refresh_ahead = 0.5),
            softened(timeout = 10, stale_if_error = "1h", soft_timeout = "1s")
        }
    };
}

/// The path of a route, where names of parts are in braces.
macro_rules! at {
    ($name:ident) => {
        concat!("/", stringify!($name), "/{page}")
    };
}

/// Who asks, as each site's own middleware has it.
#[derive(Clone, Debug)]
pub struct User(pub String);

/// The user that a layer finds in a request.
pub fn user(request: &cached_web::RequestInfo) -> Option<String> {
    named(request.headers()).map(|user| user.0)
}

/// The user that a request names.
pub fn named(headers: &http::HeaderMap) -> Option<User> {
    Some(User(headers.get("x-user")?.to_str().ok()?.to_owned()))
}

pub(crate) use {at, routes};
