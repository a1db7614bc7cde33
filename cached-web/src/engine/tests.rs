//! Requests on their way, with a clock that is turned by hand. What is sent is tested in `answer`.

mod kept;

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use cached_runtime::testing::{clock, isolated_async};
use cached_runtime::{Handle, current, expire_tag, invalidate_tag};
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, StatusCode};

use super::*;
use crate::plan::Plan;
use crate::request::RequestInfo;
use crate::rt::{Policy, TextBuffer};
use crate::rules::Rules;

/// A page whose handler answers as each test says.
struct Page {
    site: &'static Site,
    policy: &'static Policy,
    rules: &'static Rules,
}

impl Page {
    fn new(policy: Policy, rules: Rules) -> Self {
        let site = Box::leak(Box::new(Site::new("page", module_path!())));
        Self { site, policy: Box::leak(Box::new(policy)), rules: Box::leak(Box::new(rules)) }
    }

    fn plain() -> Self {
        Self::new(Policy::of_responses().timeout(60), Rules::new())
    }

    fn begin(&self, request: &[(&'static str, &str)]) -> Begun {
        self.begin_as(Method::GET, request)
    }

    fn begin_as(&self, method: Method, request: &[(&'static str, &str)]) -> Begun {
        self.begin_at("/page?a=1", method, request)
    }

    fn begin_at(&self, uri: &str, method: Method, request: &[(&'static str, &str)]) -> Begun {
        let uri = uri.parse().expect("a URI");
        let visit = Visit::new(self.rules, RequestInfo::new(method, uri, headers(request)));
        let mut text = TextBuffer::new();
        visit.write_key(&mut text);
        begin(self.site, Instance::made(self.policy), Mode::Normal, visit, text.key())
            .tagged(|tagged| tagged.tag(Text::new("page")))
    }

    /// The load of a request that nothing answers.
    async fn load(&self, request: &[(&'static str, &str)]) -> Load {
        match self.begin(request).open().await {
            Opened::Load(load) => load,
            Opened::Answer(answer) => panic!("answered: {answer:?}"),
        }
    }

    /// What a request is answered with that needs no load.
    async fn hit(&self, request: &[(&'static str, &str)]) -> Option<String> {
        match self.begin(request).open().await {
            Opened::Answer(answer) => Some(text(&answer.body)),
            Opened::Load(_) => None,
        }
    }

    /// Loads a page and keeps it.
    async fn keep(&self, request: &[(&'static str, &str)], body: &'static str) -> Answer {
        let load = self.load(request).await;
        commit(load, &[], body).await
    }
}

async fn commit(load: Load, response: &[(&'static str, &str)], body: &'static str) -> Answer {
    load.commit(StatusCode::OK, headers(response), Bytes::from_static(body.as_bytes())).await
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().expect("a value"));
    }
    headers
}

fn text(body: &Bytes) -> String {
    String::from_utf8(body.to_vec()).expect("text")
}

fn status(answer: &Answer) -> &str {
    answer.headers["cache-status"].to_str().expect("text").trim_start_matches("cached-web; ")
}

/// Whether a future waits for something.
fn waits(future: impl Future) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

const DE: &[(&str, &str)] = &[("accept-language", "de")];
const EN: &[(&str, &str)] = &[("accept-language", "en")];
const VARY: &[(&str, &str)] = &[("vary", "accept-language")];

#[test]
fn a_page_is_kept_for_its_time() {
    within(async {
        let page = Page::plain();
        assert_eq!(status(&page.keep(&[], "one").await), "fwd=uri-miss; stored");
        clock().advance(Duration::from_secs(59));
        let Opened::Answer(answer) = page.begin(&[]).open().await else { panic!("no answer") };
        assert_eq!(
            (status(&answer), &answer.headers["age"]),
            ("hit; ttl=1", &"59".parse().unwrap())
        );
        clock().advance(Duration::from_secs(1));
        assert_eq!(status(&page.keep(&[], "two").await), "fwd=stale; stored");
        assert_eq!(page.hit(&[]).await.as_deref(), Some("two"));
    });
}

#[test]
fn a_response_that_varies_has_an_entry_for_each_value() {
    within(async {
        let page = Page::plain();
        let answer = commit(page.load(DE).await, VARY, "de").await;
        assert_eq!(status(&answer), "fwd=uri-miss; stored");
        assert_eq!(page.hit(DE).await.as_deref(), Some("de"));
        assert_eq!(page.hit(&[]).await, None);
        let answer = commit(page.load(EN).await, VARY, "en").await;
        assert_eq!(status(&answer), "fwd=vary-miss; stored");
        assert_eq!(page.hit(EN).await.as_deref(), Some("en"));
        assert_eq!(page.hit(DE).await.as_deref(), Some("de"));
    });
}

#[test]
fn a_response_that_varies_by_more_is_kept_from_then_on() {
    within(async {
        let page = Page::plain();
        let more = &[("vary", "accept-language, dnt")];
        commit(page.load(DE).await, VARY, "de").await;
        commit(page.load(EN).await, more, "first").await;
        assert_eq!(page.hit(EN).await, None);
        commit(page.load(EN).await, more, "second").await;
        assert_eq!(page.hit(EN).await.as_deref(), Some("second"));
        let private: &[(&str, &str)] = &[("accept-language", "en"), ("dnt", "1")];
        assert_eq!(page.hit(private).await, None);
    });
}

/// What was loaded before an invalidation is never answered with after it, whatever it varies by.
#[test]
fn an_invalidation_reaches_all_that_a_page_varies_by() {
    within(async {
        let page = Page::plain();
        commit(page.load(DE).await, VARY, "de").await;
        commit(page.load(EN).await, VARY, "en").await;
        invalidate_tag("page").expect("no store");
        assert_eq!((page.hit(DE).await, page.hit(EN).await), (None, None));

        // Overtaken: by a tag, by all of the cache, with and without what says how it varies.
        for overtake in [
            |_: &Page| invalidate_tag("page").expect("no store"),
            |page: &Page| {
                Handle::new(page.site).clear();
            },
        ] {
            let load = page.load(DE).await;
            overtake(&page);
            commit(load, VARY, "old").await;
            assert_eq!(page.hit(DE).await, None);
            commit(page.load(DE).await, VARY, "de").await;
            let load = page.load(EN).await;
            overtake(&page);
            commit(load, &[("vary", "accept-language, dnt")], "old").await;
            assert_eq!(page.hit(EN).await, None);
            commit(page.load(EN).await, VARY, "en").await;
            assert_eq!(page.hit(EN).await.as_deref(), Some("en"));
        }
    });
}

#[test]
fn who_waits_is_answered_with_what_was_kept() {
    within(async {
        let page = Page::plain();
        let lead = page.load(&[]).await;
        let mut follower = pin!(page.begin(&[]).open());
        assert!(waits(follower.as_mut()));
        commit(lead, &[], "one").await;
        let Opened::Answer(answer) = follower.await else { panic!("no answer") };
        assert_eq!((status(&answer), &*text(&answer.body)), ("fwd=uri-miss; collapsed", "one"));
    });
}

#[test]
fn who_waits_for_a_private_page_has_one_of_its_own_and_the_next_do_not_wait() {
    within(async {
        let page = Page::plain();
        let lead = page.load(&[]).await;
        let (mut one, mut two) = (pin!(page.begin(&[]).open()), pin!(page.begin(&[]).open()));
        assert!(waits(one.as_mut()) && waits(two.as_mut()));
        let answer = commit(lead, &[("set-cookie", "a=1")], "mine").await;
        assert_eq!(status(&answer), "fwd=uri-miss; detail=set-cookie");
        let (Opened::Load(_one), Opened::Load(_two)) = (one.await, two.await) else {
            panic!("answered with what is another's");
        };
        // Nobody waits for one of these.
        let _third = page.load(&[]).await;
        clock().advance(Duration::from_secs(11));
        let _lead = page.load(&[]).await;
        assert!(waits(pin!(page.begin(&[]).open())));
    });
}

#[test]
fn a_page_that_was_private_once_is_kept_when_it_is_not() {
    within(async {
        let page = Page::plain();
        commit(page.load(&[]).await, &[("cache-control", "private")], "mine").await;
        commit(page.load(&[]).await, &[], "ours").await;
        assert_eq!(page.hit(&[]).await.as_deref(), Some("ours"));
    });
}

#[test]
fn head_reads_and_keeps_nothing() {
    within(async {
        let page = Page::plain();
        let Opened::Load(head) = page.begin_as(Method::HEAD, &[]).open().await else { panic!() };
        // Nobody waits for it, and it waits for nobody.
        let get = page.load(&[]).await;
        let Opened::Load(_other) = page.begin_as(Method::HEAD, &[]).open().await else { panic!() };
        assert!(matches!(head.plan(StatusCode::OK, &HeaderMap::new(), Some(0)), Plan::Pass(_)));
        commit(head, &[], "").await;
        let Opened::Load(_other) = page.begin_as(Method::HEAD, &[]).open().await else { panic!() };
        commit(get, &[], "page").await;
        let Opened::Answer(answer) = page.begin_as(Method::HEAD, &[]).open().await else {
            panic!()
        };
        assert_eq!(
            (&answer.headers["content-length"], answer.body.len()),
            (&"4".parse().unwrap(), 0)
        );
    });
}

#[test]
fn a_load_that_is_dropped_falls_to_who_waits() {
    within(async {
        let page = Page::plain();
        let lead = page.load(&[]).await;
        let mut follower = pin!(page.begin(&[]).open());
        assert!(waits(follower.as_mut()));
        drop(lead);
        let Opened::Load(_inherited) = follower.await else { panic!("answered by nothing") };
    });
}

#[test]
fn a_body_that_flows_is_kept_at_its_proper_end_alone() {
    within(async {
        let rules = Rules::new().tee().max_body(8);
        let page = Page::new(Policy::of_responses().timeout(60), rules);
        let tee = async || {
            let load = page.load(&[]).await;
            let head = HeaderMap::new();
            assert!(matches!(load.plan(StatusCode::OK, &head, None), Plan::Tee(_)));
            load.tee(StatusCode::OK, &mut head.clone())
        };
        let mut broken_off = tee().await;
        broken_off.push(b"half");
        drop(broken_off);
        assert_eq!(page.hit(&[]).await, None);

        let mut long = tee().await;
        let mut follower = pin!(page.begin(&[]).open());
        assert!(waits(follower.as_mut()));
        long.push(b"five5");
        long.push(b"four");
        // Nobody waits any longer, though it still flows.
        assert!(matches!(follower.now_or_never(), Some(Opened::Load(_))));
        long.finish().await;
        assert_eq!(page.hit(&[]).await, None);

        let mut whole = tee().await;
        whole.push(b"half");
        whole.push(b"full");
        whole.finish().await;
        assert_eq!(page.hit(&[]).await.as_deref(), Some("halffull"));
    });
}

#[test]
fn an_old_page_stands_in_for_a_failure_unless_it_forbids_that() {
    within(async {
        let policy = || Policy::of_responses().timeout(60).stale_if_error(600);
        let fail = async |page: &Page| {
            let load = page.load(&[]).await;
            load.commit(StatusCode::BAD_GATEWAY, HeaderMap::new(), Bytes::new()).await
        };
        let page = Page::new(policy(), Rules::new());
        page.keep(&[], "old").await;
        clock().advance(Duration::from_secs(90));
        let answer = fail(&page).await;
        assert_eq!((answer.status, &*text(&answer.body)), (StatusCode::OK, "old"));
        assert_eq!(status(&answer), "hit; ttl=-30");

        let strict = Page::new(policy(), Rules::new());
        commit(strict.load(&[]).await, &[("cache-control", "must-revalidate")], "old").await;
        clock().advance(Duration::from_secs(90));
        assert_eq!(fail(&strict).await.status, StatusCode::BAD_GATEWAY);
    });
}

#[test]
fn what_the_handler_says_of_its_load_counts() {
    within(async {
        let page = Page::plain();
        let mut load = page.load(&[]).await;
        let said = load.run(async { current().add_tag("news") }).await;
        said.expect("no timeout");
        commit(load, &[], "one").await;
        assert_eq!(page.hit(&[]).await.as_deref(), Some("one"));
        invalidate_tag("news").expect("no store");
        let mut load = page.load(&[]).await;
        load.run(async { current().do_not_store() }).await.expect("no timeout");
        commit(load, &[], "two").await;
        assert_eq!(page.hit(&[]).await, None);
        let mut load = page.load(&[]).await;
        load.run(async { current().set_timeout(90_u64) }).await.expect("no timeout");
        commit(load, &[], "three").await;
        clock().advance(Duration::from_secs(89));
        assert_eq!(page.hit(&[]).await.as_deref(), Some("three"));
        clock().advance(Duration::from_secs(1));
        assert_eq!(page.hit(&[]).await, None);
    });
}

#[test]
fn closures_see_the_response() {
    within(async {
        let page = Page::plain();
        let begin = || {
            page.begin(&[])
                .store_if(|response| response.body().len() < 9)
                .timeout_of(|response| Duration::from_secs(response.body().len() as u64))
                .tags_of(|response| response.headers().get("x-tag").map(|_| "tagged"))
        };
        for (body, is_kept) in [("a long one", false), ("short", true)] {
            let Opened::Load(load) = begin().open().await else { panic!("answered") };
            commit(load, &[("x-tag", "1")], body).await;
            assert_eq!(page.hit(&[]).await.is_some(), is_kept);
        }
        clock().advance(Duration::from_secs(5));
        assert_eq!(page.hit(&[]).await, None);
        let Opened::Load(load) = begin().open().await else { panic!("answered") };
        commit(load, &[("x-tag", "1")], "again").await;
        invalidate_tag("tagged").expect("no store");
        assert_eq!(page.hit(&[]).await, None);
    });
}

/// Runs a test whose caches and clock are its own. Nothing in it waits for long.
fn within(test: impl Future<Output = ()>) {
    let mut test = pin!(isolated_async(test));
    for _ in 0..1_000 {
        if test.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
    }
    panic!("it waits for what never comes");
}
