//! What is kept, for whom, and what it weighs.

use super::*;

/// Some middleware encodes for those who take it, and does not say that it looks.
#[test]
fn what_is_encoded_is_for_those_who_take_that() {
    within(async {
        let page = Page::plain();
        let gzip: &[_] = &[("accept-encoding", "gzip")];
        commit(page.load(gzip).await, &[("content-encoding", "gzip")], "1f8b").await;
        assert_eq!(page.hit(gzip).await.as_deref(), Some("1f8b"));
        assert_eq!(page.hit(&[]).await, None);
        commit(page.load(&[]).await, &[], "plain").await;
        assert_eq!(page.hit(&[]).await.as_deref(), Some("plain"));
        assert_eq!(page.hit(gzip).await.as_deref(), Some("1f8b"));
    });
}

/// What a handler keeps from being stored, it makes for who asked alone.
#[test]
fn nobody_is_given_what_is_not_to_be_stored() {
    within(async {
        for request in [&[][..], EN] {
            let page = Page::plain();
            let mut load = page.load(request).await;
            let mut follower = pin!(page.begin(request).open());
            assert!(waits(&mut follower));
            load.run(async { current().do_not_store() }).await.expect("in time");
            let answer = commit(load, VARY, "mine").await;
            assert_eq!(status(&answer), "fwd=uri-miss; detail=declined");
            assert!(matches!(follower.await, Opened::Load(_)));
            assert_eq!(Handle::new(page.site).len(), 0);
        }
    });
}

/// A page that a tag has expired stands in for a failure, also where it lies under a key of its own.
#[test]
fn a_variant_stands_in_for_a_failure() {
    within(async {
        let policy = Policy::of_responses().timeout(60).stale_if_error(600);
        let page = Page::new(policy, Rules::new());
        commit(page.load(EN).await, VARY, "one").await;
        expire_tag("page").expect("no store");
        let mut fields = HeaderMap::new();
        let load = page.load(EN).await;
        let answer = load.pass(StatusCode::BAD_GATEWAY, &mut fields).await.expect("a stand-in");
        assert_eq!(text(&answer.body), "one");
    });
}

/// Who waits in vain, before the handler is given its arguments, is told so.
#[test]
fn who_waits_too_long_for_another_is_answered() {
    within(async {
        let policy = Policy::of_responses().timeout(60).stale(60).hard_timeout(2_u64);
        let page = Page::new(policy, Rules::new());
        let load = page.load(&[]).await;
        let mut follower = pin!(async { page.begin(&[]).look().await.open().await });
        assert!(waits(&mut follower));
        clock().advance(Duration::from_secs(2));
        let Opened::Answer(answer) = follower.await else { panic!("the handler would run") };
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
        drop(load);
    });
}

/// Addresses that nothing is kept of are remembered for a while, and weighed.
#[test]
fn marks_of_what_is_not_kept_are_bounded() {
    within(async {
        let page = Page::new(Policy::of_responses().weight_capacity(100_000_u64), Rules::new());
        for number in 0..2_000 {
            let begun = page.begin_at(&format!("/{number}"), Method::GET, &[]);
            let Opened::Load(load) = begun.open().await else { panic!("answered") };
            assert!(load.pass(StatusCode::NOT_FOUND, &mut HeaderMap::new()).await.is_none());
        }
        let len = Handle::new(page.site).len();
        assert!((100..500).contains(&len), "{len}");
    });
}

/// A tag that a closure adds is soft on what says how a page varies, and on the page.
#[test]
fn a_variant_that_a_tag_has_expired_is_renewed() {
    within(async {
        let page = Page::new(Policy::of_responses().timeout(60).stale(60), Rules::new());
        let ask = || page.begin(EN).tags_of(|_| ["tagged"]);
        let Opened::Load(load) = ask().open().await else { panic!("answered") };
        commit(load, VARY, "one").await;
        assert!(ask().look().await.split().0.is_none());
        expire_tag("tagged").expect("no store");
        let (refresh, begun) = ask().look().await.split();
        assert!(refresh.is_some());
        let Ok(answer) = begun.answered() else { panic!("it is still there") };
        assert_eq!(text(&answer.body), "one");
    });
}

/// Whoever sends requests chooses how long their keys are.
#[test]
fn keys_are_weighed_as_well() {
    within(async {
        let page = Page::new(Policy::of_responses().weight_capacity(1_000_000_u64), Rules::new());
        for number in 0..1_000 {
            let uri = format!("/{number}?{}", "x".repeat(10_000));
            let Opened::Load(load) = page.begin_at(&uri, Method::GET, &[]).open().await else {
                panic!("answered with another page");
            };
            commit(load, &[], "short").await;
        }
        let len = Handle::new(page.site).len();
        assert!((50..100).contains(&len), "{len}");
    });
}
