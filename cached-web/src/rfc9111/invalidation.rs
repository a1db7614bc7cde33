//! What an unsafe request makes invalid (RFC 9111, section 4.4), beside its own URI.

use http::header::{CONTENT_LOCATION, HOST, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

/// Whether requests of this method change nothing. Methods nobody knows may change anything.
pub(crate) fn is_safe(method: &Method) -> bool {
    const SAFE: [&str; 8] =
        ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "REPORT", "SEARCH"];
    SAFE.contains(&method.as_str())
}

/// Whether a response says that an unsafe request took effect.
pub(crate) fn took_effect(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

/// The paths, with their queries, of `Location` and `Content-Location` on the same host.
///
/// What lies on another host is left alone: else whoever can answer for one could empty another.
pub(crate) fn named(uri: &Uri, request: &HeaderMap, response: &HeaderMap) -> Vec<String> {
    let host = uri.authority().map(|authority| authority.as_str().as_bytes());
    let host = host.or_else(|| request.get(HOST).map(HeaderValue::as_bytes));
    let fields = [LOCATION, CONTENT_LOCATION];
    let references = fields.iter().flat_map(|name| response.get_all(name));
    let references = references.filter_map(|value| value.to_str().ok());
    references.filter_map(|reference| resolved(reference, uri, host)).collect()
}

/// A reference as path and query (RFC 3986, section 5.2). None if it leads to another host.
fn resolved(reference: &str, base: &Uri, host: Option<&[u8]>) -> Option<String> {
    let reference = reference.split('#').next().unwrap_or_default();
    let (scheme, after_scheme) = split_scheme(reference);
    if scheme.is_some_and(|scheme| !is_http(scheme)) {
        return None;
    }
    if let Some(after) = after_scheme.strip_prefix("//") {
        let end = after.find(['/', '?']).unwrap_or(after.len());
        let (authority, target) = after.split_at(end);
        let is_here = host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_bytes()));
        return is_here.then(|| without_dots(&rooted(target)));
    }
    if scheme.is_some() {
        return None;
    }
    Some(match reference {
        "" => base.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        target if target.starts_with('/') => without_dots(target),
        query if query.starts_with('?') => format!("{}{query}", base.path()),
        relative => {
            let folder = base.path().rfind('/').map_or("/", |at| &base.path()[..=at]);
            without_dots(&format!("{folder}{relative}"))
        }
    })
}

fn split_scheme(reference: &str) -> (Option<&str>, &str) {
    match reference.split_once(':') {
        Some((scheme, after)) if !scheme.contains(['/', '?']) => (Some(scheme), after),
        _ => (None, reference),
    }
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

fn rooted(target: &str) -> String {
    if target.starts_with('/') { target.to_owned() } else { format!("/{target}") }
}

/// A path without its `.` and `..` segments (RFC 3986, section 5.2.4), and its query as it is.
fn without_dots(target: &str) -> String {
    let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    let path = format!("/{}", kept.join("/"));
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(reference: &'static str) -> Vec<String> {
        let mut request = HeaderMap::new();
        request.insert(HOST, HeaderValue::from_static("example.org:80"));
        let mut response = HeaderMap::new();
        response.insert(LOCATION, HeaderValue::from_static(reference));
        named(&Uri::from_static("/a/b/c?d=1"), &request, &response)
    }

    #[test]
    fn references_are_resolved_as_links_are() {
        for (reference, expected) in [
            ("/x", "/x"),
            ("/x?y=1#z", "/x?y=1"),
            ("x", "/a/b/x"),
            ("./x", "/a/b/x"),
            ("../x", "/a/x"),
            ("../../../x", "/x"),
            ("x/../y", "/a/b/y"),
            (".", "/a/b/"),
            ("..", "/a/"),
            ("?e=2", "/a/b/c?e=2"),
            ("", "/a/b/c?d=1"),
            ("x:1/../y", ""),
            ("http://example.org:80/x", "/x"),
            ("HTTPS://EXAMPLE.org:80/x/./y?z", "/x/y?z"),
            ("//example.org:80", "/"),
            ("//example.org:80?q", "/?q"),
        ] {
            let expected: Vec<&str> =
                Some(expected).filter(|path| !path.is_empty()).into_iter().collect();
            assert_eq!(all(reference), expected, "{reference}");
        }
    }

    #[test]
    fn what_lies_elsewhere_is_left_alone() {
        for reference in [
            "http://example.com/x",
            "//example.com/x",
            "http://example.org/x",
            "mailto:a@b",
            "http:x",
        ] {
            assert_eq!(all(reference), Vec::<String>::new(), "{reference}");
        }
    }

    #[test]
    fn both_fields_count() {
        let mut response = HeaderMap::new();
        response.append(LOCATION, HeaderValue::from_static("/x"));
        response.append(CONTENT_LOCATION, HeaderValue::from_static("/y"));
        let found = named(&Uri::from_static("http://h/a"), &HeaderMap::new(), &response);
        assert_eq!(found, ["/x", "/y"]);
    }

    #[test]
    fn unknown_methods_may_change_anything() {
        for (method, expected) in
            [("GET", true), ("OPTIONS", true), ("POST", false), ("M-SEARCH", false), ("get", false)]
        {
            assert_eq!(
                is_safe(&Method::from_bytes(method.as_bytes()).unwrap()),
                expected,
                "{method}"
            );
        }
    }
}
