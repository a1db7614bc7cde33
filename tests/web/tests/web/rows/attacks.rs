//! What attackers try: to have others served a page that is theirs, or to be served others' pages.

use http::Method;

use crate::outcome::{hit, passed, stored};
use crate::script::Reply;
use crate::site::Site;

/// A page of a user at an address that looks like a file's is still the user's.
pub async fn deception_by_a_suffix(site: &Site) {
    let mut served = 0;
    for suffix in ["/me.css", "/logo.png", "/%2e%2e/me.js", "/a;b.css", "/me%00.css", "/me.css?x=1"]
    {
        let page = site.page("deep");
        let answer = page.at(suffix).field("cookie", "session=victim").send().await;
        if !answer.status.is_success() {
            continue;
        }
        assert!(!answer.says("stored"), "{suffix}: {answer:?}");
        let attacker = page.at(suffix).send().await;
        assert!(!attacker.says("hit"), "{suffix}: {attacker:?}");
        served += 1;
    }
    assert!(served >= 4, "{served}");
}

pub async fn methods_in_fields(site: &Site) {
    let names = ["x-http-method-override", "x-http-method", "x-method-override", "_method"];
    for name in names {
        let page = site.page("plain");
        passed!(page.ask(Method::POST).field(name, "GET"), 1);
        passed!(page.ask(Method::POST).field(name, "HEAD"), 2);
        stored!(page.get(), 3);
        passed!(page.ask(Method::POST).field(name, "GET"), 4);
        passed!(page.ask(Method::DELETE).field(name, "GET"), 5);
        hit!(page.get(), 3);
    }
    for name in &names[..3] {
        let page = site.page("plain");
        passed!(page.get().field(name, "DELETE"), 1);
        stored!(page.get(), 2);
        passed!(page.get().field(name, "DELETE"), 3);
    }
    let page = site.page("plain");
    let form = page.ask(Method::POST).field("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("_method=GET").send().await;
    assert!(!answer.says("stored"), "{answer:?}");
    stored!(page.get(), page.runs() + 1);
}

/// Where the target names a host and `Host` another, it is nobody's page but theirs.
pub async fn a_host_in_the_target(site: &Site) {
    let page = site.page("plain");
    let target = format!("http://evil.example{}", page.path());
    let mut raw = page.raw().await;
    raw.send("GET", &target, "connection: close\r\n").await;
    raw.read_to_end().await;
    // The victim asks as all do.
    let runs = page.runs();
    stored!(page.get().field("host", "site"), runs + 1);
}

/// Two lines of `Host` are refused, or no page of anybody's.
pub async fn two_hosts(site: &Site) {
    let page = site.page("plain");
    let both = async || {
        let mut raw = page.raw().await;
        raw.send("GET", &page.path(), "host: evil.example\r\nconnection: close\r\n").await;
        raw.read_to_end().await;
    };
    both().await;
    let run = page.runs() + 1;
    stored!(page.get().field("host", "evil.example"), run);
    both().await;
    hit!(page.get().field("host", "evil.example"), run);
    let answer = page.get().field("host", "site").send().await;
    assert_ne!(answer.text(), format!("run {run}"), "{answer:?}");
}

/// Fields that frameworks and proxies read hosts and schemes from keep pages apart: a handler may make its
/// links of them, and does not say so.
pub async fn forwarded_hosts(site: &Site) {
    for name in ["x-forwarded-host", "x-host", "x-forwarded-scheme", "x-original-url", "forwarded"]
    {
        let page = site.page("plain");
        stored!(page.get().field(name, "evil.example"), 1);
        stored!(page.get(), 2);
        hit!(page.get().field(name, "evil.example"), 1);
        hit!(page.get(), 2);
    }
}

/// A request that makes a handler fail poisons nothing.
pub async fn failures_on_request(site: &Site) {
    for status in [400, 413, 414, 431, 500, 501] {
        let page = site.page_of("plain", move |run| Reply::run(run).status(status));
        passed!(page.get().field("x-bad", "\t"), 1);
        page.script.answers(Reply::run);
        let answer = stored!(page.get(), 2);
        assert_eq!(answer.status, 200);
    }
}

/// Names in any case, lines twice, white space around: a credential is a credential.
pub async fn disguised_credentials(site: &Site) {
    let fields = [
        "COOKIE: a=1\r\n",
        "CoOkIe:a=1\r\n",
        "cookie:\t a=1 \r\n",
        "cookie: a=1\r\ncookie: b=2\r\n",
        "AUTHORIZATION: Basic YTpi\r\n",
        "authorization: \r\n",
    ];
    for field in fields {
        let page = site.page("plain");
        for _ in 0..2 {
            let mut raw = page.raw().await;
            raw.send("GET", &page.path(), field).await;
            let head = raw.head().await;
            assert!(!head.says("stored") && !head.says("hit"), "{field:?}: {head:?}");
        }
        assert_eq!(page.runs(), 2, "{field:?}");
    }
}

/// A key has no place where one part's end can be mistaken for another's beginning.
pub async fn parts_that_look_like_others(site: &Site) {
    let page = site.page("plain");
    let name = page.script.name().to_owned();
    let asks = [
        ("site", String::new()),
        ("site", "?a".to_owned()),
        (&*format!("site/plain/{name}"), String::new()),
        ("site%2Fplain", String::new()),
        ("site", "?@alice".to_owned()),
        ("site", "?a%0Ab".to_owned()),
        ("site", "?%0A0000000000000000".to_owned()),
    ];
    let mut runs = 0;
    for (host, query) in &asks {
        let answer = page.at(query).field("host", host).send().await;
        if answer.status.is_success() {
            runs += 1;
            assert_eq!(answer.text(), format!("run {runs}"), "{host} {query}");
        }
    }
    assert!(runs >= 5, "most of these are requests");
}

/// A response that is too long, or slow, or broken is no way to have others wait.
pub async fn nobody_waits_behind_what_is_not_kept(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("cache-control", "no-store"));
    passed!(page.get(), 1);
    page.script.hold(true);
    // Known not to be kept, so two run side by side.
    let both = async {
        page.wait_for(3).await;
        page.script.hold(false);
    };
    let (one, other, ()) = tokio::join!(page.get().send(), page.get().send(), both);
    assert_ne!(one.text(), other.text());
}
