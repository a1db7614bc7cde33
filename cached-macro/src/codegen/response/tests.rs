//! What expansions of handlers have in common, whatever the framework.

use proc_macro2::TokenStream;

use crate::codegen::tests::{count, count_ident};
use crate::framework::{ACTIX, AXUM, Framework, POEM, ROCKET, SALVO};
use crate::function;

fn expand(framework: &'static Framework, args: &str, item: &str) -> TokenStream {
    let item_tokens = item.parse().expect("an item");
    let expanded = function::parse(item_tokens, "cached_response")
        .and_then(|item| super::expand(framework, args.parse().expect("arguments"), item));
    expanded.unwrap_or_else(|errors| {
        panic!("`#[cached_response({args})] {item}` is refused: {:?}", errors.messages())
    })
}

fn text(args: &str, item: &str) -> String {
    expand(&AXUM, args, item).to_string().replace(' ', "")
}

const HANDLERS: [(&Framework, &str, &str); 13] = [
    (&AXUM, "", "async fn f() -> &'static str { body }"),
    (&AXUM, "timeout = 60, tags(\"a:{id}\")", "async fn f(Path(id): Path<u64>) -> R { body }"),
    (&AXUM, "per = user.id, vary(\"accept\")", "async fn f(user: User) -> impl R { body }"),
    (&AXUM, "key = \"{id}:{request.path()}\"", "fn f(Path(id): Path<u64>) -> R { body }"),
    (&AXUM, "key = |id| *id, unless = id == 1", "async fn f(Path(id): Path<u64>) { body }"),
    (
        &AXUM,
        "stale_if_error = 60, stale_if = |_| true, stale = 5",
        "async fn f(State(s): State<S>) -> R { body }",
    ),
    (&AXUM, "handle, shared", "async fn f<T>(info: RequestInfo) -> Result<T, E> { body }"),
    (&ACTIX, "early = 1.0", "async fn f(id: web::Path<u64>) -> impl R { body }"),
    (&ACTIX, "handle = c", "#[get(\"/\")] async fn f(id: web::Path<u64>) -> impl R { body }"),
    (&ROCKET, "store_if = |_| true", "#[get(\"/<id>\")] fn f(id: &str) -> &str { body }"),
    (&POEM, "stale = 60, skip(s)", "#[handler] fn f(Data(s): Data<&S>) -> R { body }"),
    (&SALVO, "key = (*id, 1)", "#[handler] async fn f(id: PathParam<u64>) -> R { body }"),
    (&SALVO, "", "#[endpoint] async fn f(id: PathParam<u64>) -> R { body }"),
];

#[test]
fn the_body_is_written_once() {
    for (framework, args, item) in HANDLERS {
        assert_eq!(count_ident(expand(framework, args, item), "body"), 1, "{args} {item}");
    }
}

#[test]
fn nothing_but_the_web_crate_is_named() {
    for (framework, args, item) in HANDLERS {
        let expanded = expand(framework, args, item);
        assert_eq!(count_ident(expanded.clone(), "cached_runtime"), 0, "{args} {item}");
        assert!(count_ident(expanded, "cached_web") > 0, "{args} {item}");
        let given = expand(framework, &format!("crate = ::given, {args}"), item);
        assert_eq!(count_ident(given.clone(), "cached_web"), 0, "{args} {item}");
        assert!(count_ident(given, "given") > 0, "{args} {item}");
    }
}

#[test]
fn a_handler_stays_one_item_unless_a_handle_is_asked_for() {
    for (framework, args, item) in HANDLERS {
        let expanded = expand(framework, args, item).into_iter();
        let items = expanded.filter(|token| ["fn", "enum"].contains(&&*token.to_string())).count();
        assert_eq!(items, if args.contains("handle") { 2 } else { 1 }, "{args} {item}");
    }
}

#[test]
fn a_handler_is_given_the_request_once() {
    for (framework, args, item) in HANDLERS {
        let given = if item.contains("RequestInfo") { "RequestInfo" } else { "Added" };
        assert_eq!(count_ident(expand(framework, args, item), given), 1, "{args} {item}");
    }
    let wild = text("", "async fn f(_: RequestInfo) {}");
    assert!(wild.contains("f(__cached_request:RequestInfo)"), "{wild}");
}

#[test]
fn a_handler_has_a_number_where_its_extractors_may_not_have_to_run() {
    let is_numbered = |framework, args: &str, item: &str| {
        expand(framework, args, item).to_string().contains("Added <")
    };
    let item = "async fn f<'a>(Path(id): Path<u64>) -> R { body }";
    assert!(is_numbered(&AXUM, "vary(\"accept\"), stale = 5, handle", item));
    for args in ["key = \"{id}\"", "per = id", "unless = id == 1", "refresh = id == 1"] {
        assert!(!is_numbered(&AXUM, args, item), "{args}");
    }
    for item in [
        "async fn f(info: RequestInfo) -> R { body }",
        "async fn f<T>(id: Path<T>) -> R { body }",
        "async fn f<const N: u8>() -> R { body }",
        "async fn f(id: Path<impl T>) -> R { body }",
    ] {
        assert!(!is_numbered(&AXUM, "", item), "{item}");
    }
    assert!(!is_numbered(&POEM, "", "async fn f() -> R { body }"));
}

#[test]
fn a_handler_has_one_around_it_where_its_extractors_may_not_have_to_run() {
    let is_wrapped = |args: &str, item: &str| {
        let expanded = expand(&SALVO, args, item);
        assert_eq!(count_ident(expanded.clone(), "body"), 1, "{args} {item}");
        count_ident(expanded, "struct") > 0
    };
    let item = "#[salvo::handler] async fn f(id: PathParam<u64>) -> R { body }";
    assert!(is_wrapped("vary(\"accept\"), handle = c", item));
    for args in ["key = (*id,)", "per = *id", "unless = *id == 1", "refresh = *id == 1"] {
        assert!(!is_wrapped(args, item), "{args}");
    }
    for item in [
        "async fn f() -> R { body }",
        "#[endpoint] async fn f() -> R { body }",
        "#[handler] #[cfg(unix)] async fn f() -> R { body }",
        "#[handler] async fn f(info: RequestInfo) -> R { body }",
        "#[handler] async fn f(id: PathParam<impl T>) -> R { body }",
    ] {
        assert!(!is_wrapped("", item), "{item}");
    }
}

#[test]
fn a_handler_is_async_and_returns_what_its_framework_does() {
    for (framework, args, item) in HANDLERS {
        let expanded = expand(framework, args, item).to_string().replace(' ', "");
        let module = framework.module;
        assert!(expanded.contains("asyncfnf"), "{args} {item}");
        assert!(expanded.contains(&format!("->::cached_web::{module}::Response")), "{expanded}");
    }
}

#[test]
fn what_borrows_from_a_request_has_its_lifetime() {
    let signature = |args: &str| {
        let item = format!("#[get(\"/\")] fn f{args} -> &str {{ body }}");
        let expanded = expand(&ROCKET, "skip(s)", &item).to_string().replace(' ', "");
        let (_, signature) = expanded.split_once("fnf").expect("a function");
        let (signature, _) = signature.split_once('{').expect("a body");
        signature.replace("::cached_web::rocket::", "").trim_end_matches(',').to_owned()
    };
    assert_eq!(
        signature("(s: Guard<'_, &S>)"),
        "<'__cached>(__cached_request:__private::Added<'__cached>,s:Guard<'__cached,&'__cachedS>)->Response<'__cached>",
    );
    assert_eq!(
        signature("<'r>(s: &'r S, _: &mut T)"),
        "<'r>(__cached_request:__private::Added<'r>,s:&'rS,_:&'rmutT)->Response<'r>",
    );
    assert_eq!(
        signature("(s: RequestInfo<'_>)"),
        "<'__cached>(s:RequestInfo<'__cached>)->Response<'__cached>",
    );
}

#[test]
fn a_key_begins_with_its_scope_and_ends_with_the_identity() {
    let item = "async fn f(Path(id): Path<u64>, user: User) -> R { body }";
    let default = text("per = user.id", item);
    assert!(default.contains("__visit.write_key(&mut__text);__text.literal(\"@\");"), "{default}");
    for key in ["\"{id}\"", "id", "(id, 2)", "|id, _| *id"] {
        let given = text(&format!("key = {key}, per = user.id"), item);
        let scope = given.find("__visit.write_scope(&mut__text);").expect("a scope");
        let per = given.find("__text.literal(\"@\");").expect("an identity");
        let end = given.rfind("__text.key()").expect("a key");
        assert!(scope < per && per < end, "{given}");
        assert!(!given.contains("write_key"), "{given}");
    }
}

#[test]
fn request_is_bound_where_it_is_named() {
    let item = "async fn f(Path(id): Path<u64>) -> R { body }";
    let bound = |args: &str| text(args, item).matches("letrequest:").count();
    assert_eq!(bound(""), 0);
    assert_eq!(bound("unless = id == 1"), 0);
    assert_eq!(bound("unless = request.path() == \"/\""), 1);
    assert_eq!(bound("tags(\"{request.path()}\")"), 1);
    assert_eq!(bound("refresh = id == 1, key = (id, request.path())"), 1);
    let own = text("key = \"{request.id}\"", "async fn f(request: Json<A>) -> R { body }");
    assert!(!own.contains("letrequest:"), "{own}");
}

#[test]
fn what_bypasses_the_cache_makes_no_key() {
    let item = "async fn f(Path(id): Path<u64>) -> R { body }";
    assert!(text("unless = id == 1", item).contains("if__mode.is_uncached(){"));
    assert!(!text("", item).contains("is_uncached"));
}

#[test]
fn who_waits_for_every_load_pays_nothing_for_others() {
    let item = "async fn f(Path(id): Path<u64>) -> R { body }";
    let waiting = text("stale_if_error = 60, jitter = 0.1, hard_timeout = 5", item);
    for name in ["look", "split", "Keep", "start"] {
        assert!(!waiting.contains(name), "`{name}` in {waiting}");
    }
}

#[test]
fn a_load_in_the_background_is_given_what_the_handler_was() {
    let again = |framework, args: &str, item: &str| {
        let expanded = expand(framework, args, item).to_string().replace(' ', "");
        let (_, job) = expanded.split_once("let_=").expect("a job");
        job.split(';').next().unwrap_or_default().to_owned()
    };
    let item = "async fn f(Path((a, b)): Path<(u8, u8)>, c: Path<u8>) -> R { body }";
    assert_eq!(
        again(&AXUM, "stale = 60", item),
        "f(__kept0,Path((__kept1,__kept2,)),Path(__kept3)).await",
    );
    let item = "async fn f(info: RequestInfo, id: web::Path<u8>) -> R { body }";
    assert_eq!(
        again(&ACTIX, "stale = 60", item),
        "f(::cached_web::actix::__private::restore(__kept0),::core::convert::From::from(__kept1)).await",
    );
    let item = "#[handler] async fn f(Data(s): Data<&S>, P { x, y: z }: P) -> R { body }";
    assert_eq!(
        again(&POEM, "stale = 60, skip(s, x, z)", item),
        "f(__kept0,Data(__kept1.lend()),P{x:__kept2,y:__kept3}).await",
    );
}

#[test]
fn expansions_stay_thin() {
    let item = "async fn f(Path(id): Path<u64>) -> R { body }";
    for (args, limit) in [("", 430), ("key = \"{id}\"", 440), ("stale = 60", 570), ("handle", 600)]
    {
        let tokens = count(expand(&AXUM, args, item), &|_| true);
        assert!(tokens < limit, "{tokens} tokens for `{args}`");
    }
}
