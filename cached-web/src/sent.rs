//! The URI as the client sent it, where a router hands on a shorter one.

use http::Uri;

/// Of the URI that came in and the one that routers have made of it, the one that names the page.
///
/// A router that nests another takes a prefix off the path: then what came in says more, and
/// `/a/x` is not `/b/x`. What is no such rest was rewritten, and names the page itself.
#[cfg(any(feature = "axum", feature = "poem"))]
pub(crate) fn sent<'u>(original: &'u Uri, routed: &'u Uri) -> &'u Uri {
    if original.path_and_query() == routed.path_and_query() {
        return original;
    }
    let is_rest = original.path().ends_with(routed.path()) || routed.path() == "/";
    if is_rest && original.query() == routed.query() { original } else { routed }
}

/// The same of a whole request, whose routers may have noted what came in.
#[cfg(feature = "tower")]
pub(crate) fn sent_by_client<'u>(extensions: &'u http::Extensions, routed: &'u Uri) -> &'u Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(original)) = extensions.get() {
        return sent(original, routed);
    }
    let _ = extensions;
    routed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(original: &'static str, routed: &'static str) -> String {
        sent(&Uri::from_static(original), &Uri::from_static(routed)).to_string()
    }

    #[test]
    fn prefixes_that_routers_take_off_are_kept() {
        assert_eq!(named("/api/items/1?a=b", "/items/1?a=b"), "/api/items/1?a=b");
        assert_eq!(named("/api", "/"), "/api");
        assert_eq!(named("/items", "/items"), "/items");
    }

    #[test]
    fn a_rewritten_uri_stands_for_itself() {
        assert_eq!(named("/", "/de/"), "/de/");
        assert_eq!(named("/items?lang=de", "/items"), "/items");
        assert_eq!(named("/", "/items?page=2"), "/items?page=2");
    }
}
