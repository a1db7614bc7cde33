//! Who may have what: credentials, variants, changes, failures.

use super::*;

#[tokio::test]
async fn what_one_was_told_is_not_told_to_others() {
    let shared: &[(&str, Lines<'static>, Lines<'static>)] = &[
        ("authorization", &[("authorization", "a")], FRESH),
        ("cookie", &[("cookie", "a=b")], FRESH),
        ("api key", &[("x-api-key", "a")], FRESH),
        ("set-cookie", &[], &[("cache-control", "max-age=60"), ("set-cookie", "a=b")]),
        ("private", &[], &[("cache-control", "max-age=60, PRIVATE")]),
        ("no-store", &[], &[("cache-control", "max-age=60"), ("cache-control", "No-Store")]),
        ("vary", &[], &[("cache-control", "max-age=60"), ("vary", "*")]),
        ("garbled", &[], &[("cache-control", "max-age=60, Private; no-store")]),
    ];
    for (what, request, response) in shared {
        let site = Site::same(response);
        assert_eq!(site.get("/", request).await.body(), "1", "{what}");
        assert_eq!(site.get("/", &[]).await.body(), "2", "{what}");
        assert_ne!(site.get("/", request).await.body(), "1", "{what}");
    }
}

#[tokio::test]
async fn what_says_that_it_is_for_all_is_told_to_all() {
    let site = Site::same(&[("cache-control", "max-age=60, public"), ("set-cookie", "a=b")]);
    site.get("/", &[("authorization", "a"), ("cookie", "b")]).await;
    assert_eq!(site.get("/", &[]).await.body(), "1");
}

#[tokio::test]
async fn cookies_that_a_response_varies_on_have_their_own() {
    let site = Site::same(&[("cache-control", "max-age=60"), ("vary", "cookie")]);
    let (ann, bob): (Lines<'_>, Lines<'_>) = (&[("cookie", "u=ann")], &[("cookie", "u=bob")]);
    assert_eq!(site.get("/", ann).await.body(), "1");
    assert_eq!(site.get("/", bob).await.body(), "2");
    assert_eq!((site.get("/", ann).await.body(), site.get("/", bob).await.body()), ("1", "2"));
    assert_eq!(site.get("/", &[]).await.body(), "3");
}

#[tokio::test]
async fn a_304_for_one_user_changes_nothing_for_others() {
    let site = Site::new(|request, _| {
        if request.headers().contains_key("if-none-match") {
            let own = [("etag", "\"a\""), ("set-cookie", "u=ann"), ("x-user", "ann")];
            return sent(304, &own, "");
        }
        sent(200, &[("cache-control", "max-age=60"), ("etag", "\"a\"")], "page")
    });
    site.get("/", &[]).await;
    let own = site.get("/", &[("authorization", "ann"), ("cache-control", "no-cache")]).await;
    assert_eq!(
        (own.body(), own.field("x-user"), own.field("set-cookie")),
        ("page", "ann", "u=ann")
    );
    let other = site.get("/", &[]).await;
    assert_eq!((other.body(), other.field("x-user"), other.field("set-cookie")), ("page", "", ""));
}

#[tokio::test]
async fn bodies_methods_and_upgrades_go_past_the_cache() {
    let site = Site::same(FRESH);
    site.get("/", &[]).await;
    for lines in [
        &[("if-match", "\"a\"")][..],
        &[("if-unmodified-since", "x")],
        &[("connection", "upgrade"), ("upgrade", "websocket")],
        &[("x-http-method-override", "DELETE")],
        &[("host", "other.example")],
    ] {
        let passed = site.get("/", lines).await;
        assert_ne!(passed.body(), "1", "{lines:?}");
        assert!(passed.field("cache-status").contains("fwd=bypass"), "{lines:?}");
    }
    let mut fat = Request::new(Full::from("body"));
    fat.headers_mut().insert("host", HeaderValue::from_static("example.org"));
    let passed = Began(site.service.clone().call(fat).await.unwrap()).read().await;
    assert!(passed.field("cache-status").contains("detail=body"));
    assert_eq!(
        site.send("OPTIONS", "/", &[]).await.field("cache-status"),
        "cached-web; fwd=method"
    );
    assert_eq!(site.get("/", &[]).await.body(), "1");
}

#[tokio::test]
async fn variants_are_bounded_and_the_newest_stay() {
    let layer = Rfc9111Layer::new().max_variants(2);
    let site = Site::of(layer, |_, number| {
        let lines = [("cache-control", "max-age=60"), ("vary", "x")];
        Box::pin(ready(Ok(sent(200, &lines, number.to_string()))))
    });
    for x in ["1", "2", "3"] {
        site.get("/", &[("x", x)]).await;
    }
    assert_eq!(site.get("/", &[("x", "3")]).await.body(), "3");
    assert_eq!(site.get("/", &[("x", "2")]).await.body(), "2");
    assert_eq!(site.get("/", &[("x", "1")]).await.body(), "4");
}

/// Fresh pages, and a change that names other addresses.
fn changing(status: u16) -> Site {
    Site::new(move |request, number| match request.method().as_str() {
        "GET" => sent(200, FRESH, number.to_string()),
        _ => sent(
            status,
            &[("location", "item?id=1"), ("content-location", "http://other.example/list")],
            "",
        ),
    })
}

#[tokio::test]
async fn a_change_drops_its_own_address_and_those_it_names() {
    for method in ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH"] {
        let site = changing(303);
        for path in ["/shop/cart", "/shop/item?id=1", "/list", "http://other.example/list"] {
            site.get(path, &[]).await;
        }
        site.send(method, "/shop/cart", &[]).await;
        assert_eq!(site.get("/shop/cart", &[]).await.body(), "6", "{method}");
        assert_eq!(site.get("/shop/item?id=1", &[]).await.body(), "7", "{method}");
        assert_eq!(site.get("/list", &[]).await.body(), "3", "{method}");
        assert_eq!(site.get("http://other.example/list", &[]).await.body(), "4", "{method}");
    }
}

#[tokio::test]
async fn a_change_that_failed_drops_nothing() {
    for status in [400, 404, 500] {
        let site = changing(status);
        site.get("/shop/cart", &[]).await;
        site.send("POST", "/shop/cart", &[]).await;
        assert_eq!(site.get("/shop/cart", &[]).await.body(), "1", "{status}");
    }
}

#[tokio::test]
async fn where_the_origin_fails_a_stale_response_may_do() {
    for fails_hard in [false, true] {
        let site = Site::of(Rfc9111Layer::new(), move |_, number| {
            let lines = [("cache-control", "max-age=10, stale-if-error=20")];
            let failed = if fails_hard { Err("down") } else { Ok(sent(503, &[], "down")) };
            Box::pin(ready(if number == 1 { Ok(sent(200, &lines, "good")) } else { failed }))
        });
        site.get("/", &[]).await;
        site.pass(29);
        let stale = site.get("/", &[]).await;
        assert_eq!((stale.status, stale.body(), stale.field("age")), (200, "good", "29"));
        assert_eq!(stale.field("cache-status"), "cached-web; hit; ttl=-19");
        site.pass(1);
        match site.begin("GET", "/", &[]).await {
            Ok(failed) => assert_eq!(failed.read().await.status, 503),
            Err(cause) => assert_eq!(cause, "down"),
        }
        assert_eq!(site.calls(), 3);
    }
}

#[tokio::test]
async fn a_stale_response_is_renewed_behind_its_reader() {
    let site = Site::same(&[("cache-control", "max-age=10, stale-while-revalidate=20")]);
    site.get("/", &[]).await;
    site.pass(15);
    let stale = site.get("/", &[]).await;
    assert_eq!((stale.body(), stale.field("cache-status")), ("1", "cached-web; hit; ttl=-5"));
    within(async {
        while site.get("/", &[]).await.body() == "1" {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!((site.get("/", &[]).await.body(), site.calls()), ("2", 2));
    site.pass(30);
    assert_eq!(site.get("/", &[]).await.body(), "3");
}

#[tokio::test]
async fn a_flood_of_addresses_pushes_no_busy_page_out() {
    let layer = Rfc9111Layer::new().capacity(4 << 20).max_body(64 << 10);
    let site =
        Site::of(layer, |_, number| Box::pin(ready(Ok(sent(200, FRESH, number.to_string())))));
    for _ in 0..3 {
        for page in 0..100 {
            site.get(&format!("/page/{page}"), &[]).await;
        }
    }
    for flood in 0..20_000 {
        site.get(&format!("/?{flood}"), &[]).await;
        site.get(&format!("/page/{}", flood % 100), &[]).await;
    }
    let calls = site.calls();
    for page in 0..100 {
        site.get(&format!("/page/{page}"), &[]).await;
    }
    assert_eq!(site.calls(), calls, "every busy page is there");
}

/// The service is not to know whether its answer still found the client.
#[tokio::test]
async fn a_change_that_nobody_hears_of_is_one_all_the_same() {
    let layer = Rfc9111Layer::new();
    let site = Site::of(layer, |request, number| match *request.method() {
        Method::PUT => Box::pin(std::future::pending()),
        Method::DELETE => Box::pin(ready(Err("gone"))),
        Method::PATCH => Box::pin(ready(Ok(sent(409, &[], "")))),
        _ => Box::pin(ready(Ok(sent(200, FRESH, number.to_string())))),
    });
    site.get("/", &[]).await;
    site.send("PATCH", "/", &[]).await;
    assert_eq!(site.get("/", &[]).await.body(), "1");
    assert!(site.begin("DELETE", "/", &[]).await.is_err());
    assert_eq!(site.get("/", &[]).await.body(), "4");
    let left = tokio::time::timeout(Duration::from_millis(1), site.begin("PUT", "/", &[])).await;
    assert!(left.is_err());
    assert_eq!(site.get("/", &[]).await.body(), "6");
}

#[tokio::test]
async fn an_older_response_takes_no_newer_ones_place() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let held = Arc::clone(&gate);
    let site = Site::of(Rfc9111Layer::new(), move |_, number| {
        let held = Arc::clone(&held);
        Box::pin(async move {
            if number == 1 {
                held.notified().await;
            }
            Ok(sent(200, FRESH, number.to_string()))
        })
    });
    let first = tokio::spawn({
        let site = site.clone();
        async move { site.get("/", &[]).await.body().to_owned() }
    });
    site.until_called(1).await;
    site.pass(1);
    let newer = site.get("/", &[("cache-control", "no-cache")]).await;
    assert_eq!(newer.body(), "2");
    gate.notify_one();
    assert_eq!(first.await.unwrap(), "1");
    assert_eq!(site.get("/", &[]).await.body(), "2");
}

#[tokio::test]
async fn what_does_not_fit_is_said_not_to_be_stored() {
    let layer = Rfc9111Layer::new().capacity(10_000);
    let site = Site::of(layer, |request, _| {
        let length = if request.uri().path() == "/large" { 9_500 } else { 2_000 };
        let lines = [("cache-control", "max-age=60"), ("vary", "x")];
        Box::pin(ready(Ok(sent(200, &lines, "a".repeat(length)))))
    });
    for _ in 0..2 {
        let large = site.get("/large", &[]).await;
        assert_eq!(large.field("cache-status"), "cached-web; fwd=uri-miss");
    }
    // There is room for some variants, and the newest push out the oldest.
    for x in ["1", "2", "3", "4", "5", "6"] {
        let status = site.get("/", &[("x", x)]).await;
        assert!(status.field("cache-status").ends_with("; stored"), "{x}: {status:?}");
    }
    assert!(site.get("/", &[("x", "6")]).await.field("cache-status").contains("hit"));
    assert!(!site.get("/", &[("x", "1")]).await.field("cache-status").contains("hit"));
}
