//! What handlers and arguments are refused, and in which words.

use crate::codegen::response::expand;
use crate::framework::{ACTIX, AXUM, Framework, POEM, ROCKET, SALVO};
use crate::function;

fn problems(framework: &'static Framework, args: &str, item: &str) -> Vec<String> {
    let item = item.parse().expect("an item");
    let expanded = function::parse(item, "cached_response")
        .and_then(|item| expand(framework, args.parse().expect("arguments"), item));
    expanded.err().map(|errors| errors.messages()).unwrap_or_default()
}

/// The arguments that the coverage check refuses, by their names.
fn uncovered(framework: &'static Framework, args: &str, params: &str) -> Vec<String> {
    let problems = problems(framework, args, &format!("async fn f({params}) -> R {{ body }}"));
    let name = |problem: &String| {
        let (name, _) = problem.split_once(" is not in the cache key; ")?;
        Some(name.trim_matches('`').to_owned())
    };
    let names: Vec<_> = problems.iter().filter_map(name).collect();
    assert_eq!(names.len(), problems.len(), "{problems:?}");
    names
}

#[test]
fn a_default_key_covers_the_uri_and_nothing_else() {
    let covered = "Path(a): Path<u8>, Query(b): Query<B>, c: Uri, d: Option<Query<D>>, \
        e: axum::extract::RawQuery, f: Result<Path<u8>, E>, g: OriginalUri, h: MatchedPath, m: Method";
    assert_eq!(uncovered(&AXUM, "", covered), [""; 0]);
    assert_eq!(uncovered(&AXUM, "", "State(db): State<Db>, info: RequestInfo"), [""; 0]);
    let not = "headers: HeaderMap, Extension(user): Extension<User>, Json(a): Json<A>, jar: CookieJar, \
        TypedHeader(b): TypedHeader<B>, request: Request, ConnectInfo(c): ConnectInfo<C>, text: String";
    let names = ["headers", "user", "a", "jar", "b", "request", "c", "text"];
    assert_eq!(uncovered(&AXUM, "", not), names);
    assert_eq!(uncovered(&AXUM, "skip(headers, user, a, jar, b, request, c, text)", not), [""; 0]);
}

#[test]
fn a_key_covers_what_it_names() {
    let params = "Path(id): Path<u8>, Query(page): Query<Page>, State(db): State<Db>";
    assert_eq!(uncovered(&AXUM, "key = \"{id}\"", params), ["page"]);
    assert_eq!(uncovered(&AXUM, "key = \"{id}:{page.number}\"", params), [""; 0]);
    assert_eq!(uncovered(&AXUM, "key = \"{id}\", skip(page)", params), [""; 0]);
    assert_eq!(uncovered(&AXUM, "key = (id, 1)", params), ["page"]);
    assert_eq!(uncovered(&AXUM, "key = |id, page| (id, page.number)", params), [""; 0]);
    assert_eq!(uncovered(&AXUM, "key = \"{id}\", per = page.user", params), [""; 0]);
    assert_eq!(uncovered(&AXUM, "per = user.id", "user: User, headers: HeaderMap"), ["headers"]);
    // What the body may read through it is in the default key, and in no other.
    assert_eq!(uncovered(&AXUM, "", "info: RequestInfo"), [""; 0]);
    assert_eq!(uncovered(&AXUM, "key = \"{id}\"", "info: RequestInfo, id: Path<u8>"), ["info"]);
    // The request stands for none of them.
    assert_eq!(uncovered(&AXUM, "key = \"{request.path()}\"", "id: Path<u8>"), ["id"]);
}

#[test]
fn frameworks_differ_in_what_is_safe() {
    assert_eq!(uncovered(&ACTIX, "", "id: web::Path<u8>, db: web::Data<Db>"), [""; 0]);
    assert_eq!(uncovered(&ACTIX, "", "user: ReqData<User>, r: HttpRequest"), ["user", "r"]);
    // Middleware may put the user there.
    assert_eq!(uncovered(&POEM, "", "Path(id): Path<u8>, Data(user): Data<&User>"), ["user"]);
    assert_eq!(uncovered(&SALVO, "", "id: PathParam<u8>, q: QueryParam<u8, false>"), [""; 0]);
    assert_eq!(uncovered(&SALVO, "", "r: &mut Request, d: &mut Depot"), ["r", "d"]);
    assert_eq!(uncovered(&ROCKET, "", "id: u8, a: &str, b: Option<PathBuf>, user: User"), ["user"]);
}

#[test]
fn a_route_tells_parts_of_the_uri_from_guards() {
    let item = |route: &str| format!("#[{route}] fn f(id: Id, form: Form<A>, user: User) {{}}");
    let names = |route: &str| problems(&ROCKET, "", &item(route)).len();
    assert_eq!(names("get(\"/<id>?<user>\", data = \"<form>\")"), 1);
    assert_eq!(names("get(\"/<id..>\", data = \"<form>\")"), 2);
    assert_eq!(names("route(GET, uri = \"/\")"), 3);
}

#[test]
fn what_a_default_key_leaves_out_of_the_uri_covers_nothing() {
    let item =
        "#[get(\"/<id>?<page>&<sort>&<rest..>\")] fn f(id: u8, page: u8, sort: &str, rest: R) {}";
    assert_eq!(problems(&ROCKET, "only_query(\"page\", \"so*\")", item), [""; 0]);
    assert_eq!(problems(&ROCKET, "only_query(\"page\"), skip(sort)", item), [""; 0]);
    let refused = problems(&ROCKET, "only_query(\"pages\", \"so*\")", item);
    assert!(refused.len() == 1 && refused[0].starts_with("`page` is not in"), "{refused:?}");
    let params = "page: QueryParam<u8>, sort: QueryParam<u8, false>";
    assert_eq!(uncovered(&SALVO, "only_query(\"page\")", params), ["sort"]);
    assert_eq!(uncovered(&SALVO, "ignore_query(\"sort\")", params), [""; 0]);

    let params = "uri: Uri, OriginalUri(original): OriginalUri, RawQuery(q): RawQuery";
    assert_eq!(uncovered(&AXUM, "host = true", params), [""; 0]);
    assert_eq!(uncovered(&AXUM, "host = false", params), ["uri", "original"]);
    assert_eq!(uncovered(&AXUM, "host = false, skip(uri, original)", params), [""; 0]);
}

#[test]
fn cookies_that_the_response_does_not_show_are_refused() {
    for ty in ["&CookieJar", "&Session", "Option<&CookieJar>"] {
        let item = format!("async fn f(jar: {ty}) -> R {{ body }}");
        let problems = problems(&POEM, "skip(jar)", &item);
        assert!(problems.len() == 1 && problems[0].contains("set it as a field"), "{problems:?}");
    }
}

#[test]
fn a_return_type_that_is_a_macro_is_nowhere_written() {
    let item = "#[get(\"/\")] fn f() -> TextStream![String] { body }";
    assert_eq!(problems(&ROCKET, "", item), [""; 0]);
}

#[test]
fn mistakes_are_told_with_a_remedy() {
    let item = "async fn f(Path(id): Path<u64>, user: User) -> R { body }";
    for (args, problem) in [
        (
            "skip(user), store_if = true",
            "`store_if` takes a closure over the response; write `store_if = |response| ..`",
        ),
        (
            "skip(user), timeout = id",
            "`timeout` is one for all calls and cannot depend on `id`; for one by",
        ),
        ("skip(user), per = user.id", "`user` is in the key; remove it from `skip`"),
        ("skip(user), max_body = -1", "`max_body` takes bytes,"),
        ("skip(user, id)", "`id` is a part of the URI, which is the key;"),
        ("skip(user), key = \"{user.id}:{id}\"", "`user` is in the key; remove it from `skip`"),
        ("skip(user, request)", "no argument is called `request`;"),
        ("per = 1", "this identity is the same for every request;"),
        ("per = WHO, skip(user)", "this identity is the same for every request;"),
        ("per = |user| user.id", "`per` takes an expression over the arguments,"),
        ("per = user.id, credentials = \"ignore\"", "cannot combine `per` and `credentials`,"),
        ("per = user.id, cache_control = \"public\"", "cannot combine `per` and `public`,"),
        ("skip(user), credentials = \"include\"", "`credentials` takes \"ignore\";"),
        ("skip(user), etag = strong", "`etag` takes \"strong\", \"weak\" or \"off\";"),
        ("skip(user), stream = true", "`stream` takes \"tee\";"),
        ("skip(user), host = 1", "`host` takes `true` or `false`"),
        ("skip(user), max_body = \"2\"", "\"2\" is not an amount;"),
        ("skip(user), max_body = 0", "`max_body` cannot be zero;"),
        ("skip(user), capacity = 100", "responses are weighed in bytes;"),
        ("skip(user), not_found_timeout = 0", "`not_found_timeout` cannot be zero;"),
        ("skip(user), not_found_timeout = never", "`not_found_timeout` has to end;"),
        ("skip(user), vary(\"Accept\")", "names of fields are in lower case; write \"accept\""),
        ("skip(user), vary(\"cookie\")", "a response cannot vary by \"cookie\";"),
        ("skip(user), vary(\"Authorization\")", "a response cannot vary by \"Authorization\";"),
        ("skip(user), vary(\"*\")", "a response cannot vary by \"*\";"),
        ("skip(user), vary(\"a b\")", "\"a b\" is not the name of a field;"),
        ("skip(user), vary()", "`vary()` names nothing;"),
        ("skip(user), vary(\"a\", \"a\")", "\"a\" is here twice;"),
        ("skip(user), vary(accept)", "`vary` takes texts;"),
        ("skip(user), ignore_query(\"a*b\")", "a `*` stands for the rest of a name;"),
        ("skip(user), ignore_query(\"a=b\")", "a parameter's name holds no '=';"),
        ("skip(user), only_query(\"*\")", "the whole query is in the key as it is;"),
        ("skip(user), only_query(\"\")", "an empty name names no parameter;"),
        (
            "skip(user), ignore_query(\"a\"), only_query(\"b\")",
            "cannot combine `ignore_query` and `only_query`,",
        ),
        (
            "skip(user), key = \"{id}\", ignore_query(\"a\")",
            "cannot combine `key` and `ignore_query`,",
        ),
        ("skip(user), cache_control = \"max-age\"", "`max-age` takes whole seconds;"),
        ("skip(user), cache_control = \"max-age=1m\"", "`max-age` takes whole seconds;"),
        ("skip(user), cache_control = \"public=1\"", "`public` takes no value;"),
        ("skip(user), cache_control = \"max_age=1\"", "unknown directive `max_age`; did you mean"),
        ("skip(user), cache_control = \"public,,\"", "\"\" is not a directive;"),
        ("skip(user), cache_control = 60", "`cache_control` takes a text"),
        ("skip(user), weigh = |_| 1", "responses are weighed in bytes;"),
        ("skip(user), err_timeout = 5", "responses are stored by their status;"),
        ("skip(user), on_timeout = r()", "a handler that exceeds `hard_timeout` is answered"),
        ("skip(user), max_bodi = 5", "unknown argument `max_bodi`; did you mean `max_body`?"),
        ("skip(user), headers(\"a\")", "unknown argument `headers`; did you mean `vary`?"),
        ("skip(user), handle(impl)", "a handler's cache is an item beside it;"),
    ] {
        let problems = problems(&AXUM, args, item);
        assert!(problems[..].iter().any(|said| said.starts_with(problem)), "{args}: {problems:?}");
    }
}

#[test]
fn an_identity_differs_between_requests() {
    let message = "this identity is the same for every request;";
    for (framework, per, params) in [
        (&AXUM, "db.tenant", "State(db): State<Db>, info: RequestInfo"),
        (&ACTIX, "(1, db.tenant)", "db: web::Data<Db>"),
        (&ROCKET, "db.tenant", "db: &State<Db>"),
    ] {
        let item = format!("async fn f({params}) -> R {{ body }}");
        let problems = problems(framework, &format!("per = {per}"), &item);
        assert!(problems.len() == 1 && problems[0].starts_with(message), "{per}: {problems:?}");
    }
    let item = "async fn f(State(db): State<Db>, user: User) -> R { body }";
    assert_eq!(problems(&AXUM, "per = (db.tenant, user.id)", item), [""; 0]);
}

#[test]
fn names_that_read_the_same_are_refused_where_they_are_read() {
    let item = "async fn f(user: User, Extension(user): Extension<User>) -> R { body }";
    for args in ["per = user.id", "tags(\"{user.id}\"), skip(user)"] {
        let problems = problems(&AXUM, args, item);
        assert!(
            problems[0].starts_with("two arguments are called `user`,"),
            "{args}: {problems:?}"
        );
    }
}

#[test]
fn what_is_right_is_not_refused() {
    let item = "async fn f(Path(id): Path<u64>, State(db): State<Db>) -> R { body }";
    for args in [
        "vary(\"accept-language\", \"accept\"), skip(db)",
        "ignore_query(\"utm_*\", \"fbclid\"), host = false, cache_status = false",
        "only_query(\"page\", \"sort\"), client_refresh = true, stream = \"tee\"",
        "cache_control = \"public, max-age=60, no-cache=\\\"a, b\\\", x-extension=1\"",
        "max_body = 1 << 20, not_found_timeout = SOON, capacity = ROOM, credentials = \"ignore\"",
        "max_body = !0, not_found_timeout = 5, etag = \"off\", handle",
        "per = request.headers().get(\"x-tenant\").map(|name| name.as_bytes())",
    ] {
        assert_eq!(problems(&AXUM, args, item), [""; 0], "{args}");
    }
}

#[test]
fn handlers_that_cannot_be_cached_are_refused() {
    let (only, none): (&[_], &[_]) = (&["one"], &[]);
    for (framework, args, item, expected) in [
        (&AXUM, "", "async fn f(&self) -> R { body }", only),
        (&AXUM, "", "const fn f() -> R { body }", only),
        (&AXUM, "", "#[cached] async fn f() -> R { body }", only),
        (&AXUM, "", "#[web::cached_response] async fn f() -> R { body }", only),
        (&AXUM, "", "async fn f(RequestInfo { .. }: RequestInfo) -> R { body }", only),
        (&SALVO, "", "#[handler] async fn f(res: &mut Response) { body }", only),
        (&ROCKET, "stale = 60", "#[get(\"/\")] async fn f() -> R { body }", only),
        (&SALVO, "refresh_ahead = 0.5", "#[handler] async fn f() -> R { body }", only),
        (&ROCKET, "stale_if_error = 60", "#[get(\"/\")] async fn f() -> R { body }", none),
        (&ROCKET, "handle", "#[get(\"/\")] async fn f() -> R { body }", only),
        (&ROCKET, "handle = c", "async fn f() -> R { body }", none),
        (&ACTIX, "handle = c", "async fn f() -> R { body }", none),
        (&ACTIX, "handle = c", "#[get(\"/\")] async fn f() -> R { body }", none),
        (&POEM, "handle = c", "#[handler] async fn f() -> R { body }", none),
        (&SALVO, "handle = c", "async fn f() -> R { body }", only),
        (&POEM, "handle = c", "async fn f() -> R { body }", only),
        (&AXUM, "", "fn f() -> impl Future<Output = R> + Send { body }", only),
        (&AXUM, "", "fn f() -> Pin<Box<dyn Future<Output = R>>> { body }", only),
        (&ACTIX, "", "#[post(\"/\")] async fn f() -> R { body }", only),
        (&ROCKET, "", "#[rocket::head(\"/\")] async fn f() -> R { body }", only),
        (&ACTIX, "", "#[routes] #[put(\"/\")] #[patch(\"/\")] async fn f() -> R { body }", only),
        (&ACTIX, "", "#[routes] #[get(\"/\")] #[head(\"/\")] async fn f() -> R { body }", none),
        (&ACTIX, "", "#[route(\"/\", method = \"PUT\")] async fn f() -> R { body }", none),
    ] {
        let problems = problems(framework, args, item);
        assert_eq!(problems.len(), expected.len(), "{args} {item}: {problems:?}");
    }
}
