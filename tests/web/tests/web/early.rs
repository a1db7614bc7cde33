//! Hits of handlers that are given nothing but what the URI says answer before their arguments are
//! made.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::routing::get;
use cached_runtime::testing;
use cached_web::axum::cached_response;
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Deserializer};
use tower::ServiceExt as _;

use crate::block_on;

/// What is asked of a router, one after the other, with what each answers: its status, how it was
/// found, its body.
pub async fn asked<const N: usize>(
    router: &Router,
    targets: [&str; N],
) -> [(StatusCode, &'static str, String); N] {
    let mut answers = Vec::new();
    for target in targets {
        let request = Request::get(target).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let found = response.headers().get("cache-status").map(|status| status.to_str().unwrap());
        let found = match found {
            Some(status) if status.contains("; hit") => "hit",
            Some(_) => "miss",
            None => "",
        };
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        answers.push((status, found, String::from_utf8(body.to_vec()).unwrap()));
    }
    answers.try_into().unwrap()
}

fn isolated(test: impl Future<Output = ()>) {
    block_on(testing::isolated_async(test));
}

const OK: StatusCode = StatusCode::OK;

pub fn was(found: &'static str, body: &str) -> (StatusCode, &'static str, String) {
    (OK, found, body.to_owned())
}

/// A number of which it is known how often one was read.
struct Counted<const N: usize>(u64);

static READ: [AtomicU32; 5] = [const { AtomicU32::new(0) }; 5];

impl<'de, const N: usize> Deserialize<'de> for Counted<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ[N].fetch_add(1, Ordering::Relaxed);
        u64::deserialize(deserializer).map(Self)
    }
}

fn read<const N: usize>() -> u32 {
    READ[N].swap(0, Ordering::Relaxed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    page: u32,
}

#[test]
fn extractors_of_the_uri_are_asked_once_for_an_entry() {
    #[cached_response]
    async fn item(
        State(()): State<()>,
        Path(Counted(id)): Path<Counted<0>>,
        page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
    ) -> String {
        format!("{id} {}", page.map_or(0, |Query(Page { page })| page))
    }
    isolated(async {
        let router = Router::new().route("/{id}", get(item)).with_state(());
        let answers = asked(&router, ["/1?page=2", "/1?page=2", "/1?page=2", "/1"]).await;
        assert_eq!(
            answers,
            [was("miss", "1 2"), was("hit", "1 2"), was("hit", "1 2"), was("miss", "1 0")]
        );
        assert_eq!(read::<0>(), 2);
    });
}

#[test]
fn what_an_extractor_refuses_is_refused_each_time() {
    #[cached_response]
    async fn list(Query(Page { page }): Query<Page>) -> String {
        page.to_string()
    }
    isolated(async {
        let router = Router::new().route("/", get(list));
        let targets = ["/?page=2", "/?page=two", "/?page=two", "/?page=2&x", "/?page=2"];
        let [first, second, third, fourth, last] = asked(&router, targets).await;
        assert_eq!([first, last], [was("miss", "2"), was("hit", "2")]);
        for refused in [second, third, fourth] {
            assert_eq!((refused.0, refused.1), (StatusCode::BAD_REQUEST, ""));
        }
    });
}

/// The key has less of the query than the extractor sees.
#[test]
fn extractors_run_where_the_key_leaves_a_part_of_the_query_out() {
    #[cached_response(ignore_query("x"))]
    async fn ignoring(Query(Page { page }): Query<Page>) -> String {
        page.to_string()
    }
    #[cached_response(only_query("page"))]
    async fn only(Query(Page { page }): Query<Page>) -> String {
        page.to_string()
    }
    isolated(async {
        for handler in [get(ignoring), get(only)] {
            let router = Router::new().route("/", handler);
            let [first, refused, last] =
                asked(&router, ["/?page=2", "/?page=2&x", "/?page=2"]).await;
            assert_eq!([first, last], [was("miss", "2"), was("hit", "2")]);
            assert_eq!(refused.0, StatusCode::BAD_REQUEST);
        }
    });
}

/// Lets every second request in.
struct Guard;

impl<S: Sync> FromRequestParts<S> for Guard {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        static ASKED: AtomicU32 = AtomicU32::new(0);
        let is_let_in = ASKED.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        if is_let_in { Ok(Self) } else { Err(StatusCode::TOO_MANY_REQUESTS) }
    }
}

/// Has the name of axum's, but not its type.
mod own {
    use super::*;

    pub struct Query<T>(pub T);

    impl<T: Send, S: Sync> FromRequestParts<S> for Query<T>
    where
        axum::extract::Query<T>: FromRequestParts<S, Rejection: Send>,
    {
        type Rejection = <axum::extract::Query<T> as FromRequestParts<S>>::Rejection;

        async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
            let axum::extract::Query(value) =
                axum::extract::Query::from_request_parts(parts, state).await?;
            READ[1].fetch_add(1, Ordering::Relaxed);
            Ok(Self(value))
        }
    }
}

#[test]
fn all_extractors_run_where_one_reads_more() {
    #[cached_response(skip(_guard))]
    async fn guarded(Path(Counted(id)): Path<Counted<2>>, _guard: Guard) -> String {
        id.to_string()
    }
    #[cached_response]
    async fn owned(own::Query(Page { page }): own::Query<Page>) -> String {
        page.to_string()
    }
    isolated(async {
        let router = Router::new().route("/{id}", get(guarded)).route("/", get(owned));
        let answers = asked(&router, ["/1", "/1", "/1", "/1"]).await;
        let [first, refused, hit, again] = answers;
        assert_eq!([first, hit], [was("miss", "1"), was("hit", "1")]);
        assert_eq!([refused.0, again.0], [StatusCode::TOO_MANY_REQUESTS; 2]);
        assert_eq!(read::<2>(), 4);

        let answers = asked(&router, ["/?page=1", "/?page=1", "/?page=1"]).await;
        assert_eq!(answers, [was("miss", "1"), was("hit", "1"), was("hit", "1")]);
        assert_eq!(read::<1>(), 3);
    });
}

/// Handlers that one can only just tell apart.
mod alike {
    use super::*;

    pub trait Name {
        const NAME: &'static str;
    }

    pub trait Provided: Name {
        #[cached_response]
        async fn provided() -> &'static str {
            Self::NAME
        }
    }

    impl<T: Name> Provided for T {}

    pub struct Sized<const N: usize>;

    impl<const N: usize> Sized<N> {
        #[cached_response]
        pub async fn page() -> &'static str {
            ["First", "Second"][N]
        }
    }

    pub struct Site<T>(PhantomData<T>);

    impl<T: Name> Site<T> {
        #[cached_response]
        pub async fn generic() -> &'static str {
            T::NAME
        }
    }

    macro_rules! sites {
        ($($name:ident)*) => {
            $(
                pub struct $name;

                impl Name for $name {
                    const NAME: &'static str = stringify!($name);
                }

                impl $name {
                    #[cached_response]
                    pub async fn page() -> &'static str {
                        stringify!($name)
                    }
                }
            )*

            pub fn written_in_functions() -> Vec<(&'static str, Router)> {
                vec![$({
                    #[cached_response]
                    async fn page() -> &'static str {
                        stringify!($name)
                    }
                    (stringify!($name), Router::new().route("/", get(page)))
                }),*]
            }
        };
    }

    sites! { First Second Third }
}

/// All at one address, so that each would be given what the first has left.
#[test]
fn handlers_that_are_alike_answer_for_themselves() {
    use alike::{First, Provided as _, Second, Site, Sized, Third};

    isolated(async {
        let mut routers = vec![
            ("First", Router::new().route("/", get(Site::<First>::generic))),
            ("Second", Router::new().route("/", get(Site::<Second>::generic))),
            ("Third", Router::new().route("/", get(Site::<Third>::generic))),
            ("First", Router::new().route("/", get(First::provided))),
            ("Second", Router::new().route("/", get(Second::provided))),
            ("First", Router::new().route("/", get(Sized::<0>::page))),
            ("Second", Router::new().route("/", get(Sized::<1>::page))),
            ("First", Router::new().route("/", get(First::page))),
            ("Second", Router::new().route("/", get(Second::page))),
            ("Third", Router::new().route("/", get(Third::page))),
        ];
        routers.extend(alike::written_in_functions());
        for (name, router) in &routers {
            assert_eq!(asked(router, ["/", "/"]).await, [was("miss", name), was("hit", name)]);
        }
        for (name, router) in &routers {
            assert_eq!(asked(router, ["/"]).await, [was("hit", name)]);
        }
    });
}

mod of_salvo {
    use std::sync::atomic::{AtomicU32, Ordering};

    use bytes::Bytes;
    use cached_web::salvo::cached_response;
    use http::StatusCode;
    use salvo::extract::{Extractible, Metadata, QueryParam};
    use salvo::http::uri::Scheme;
    use salvo::http::{ReqBody, ResBody, StatusError};
    use salvo::{Depot, FlowCtrl, Handler, Request, Response, Writer as _, handler};

    use super::{Counted, isolated, read};

    /// The status that a target is answered with, and whether that is a hit; and its body.
    async fn asked_for(handler: &impl Handler, target: &str) -> (StatusCode, bool, Option<Bytes>) {
        let request = http::Request::get(target).body(ReqBody::None).unwrap();
        let mut request = Request::from_hyper(request, Scheme::HTTP);
        let mut response = Response::new();
        let mut flow = FlowCtrl::new(Vec::new());
        handler.handle(&mut request, &mut Depot::new(), &mut response, &mut flow).await;
        let found = response.headers().get("cache-status");
        let is_hit = found.is_some_and(|found| found.to_str().unwrap().contains("; hit"));
        let body = match response.take_body() {
            ResBody::Once(body) => Some(body),
            _ => None,
        };
        (response.status_code.unwrap_or_default(), is_hit, body)
    }

    async fn asked(handler: impl Handler) -> (bool, Option<Bytes>) {
        let (_, is_hit, body) = asked_for(&handler, "/?page=2").await;
        (is_hit, body)
    }

    macro_rules! handlers {
        ($($name:ident)*) => {
            $(
                #[cached_response]
                #[handler]
                async fn $name(page: QueryParam<u32>) -> String {
                    format!("{} {page}", stringify!($name))
                }
            )*
        };
    }

    handlers! { first second }

    #[test]
    fn handlers_that_are_alike_answer_for_themselves() {
        isolated(async {
            for is_hit in [false, true, true] {
                assert_eq!(asked(first).await, (is_hit, Some("first 2".into())));
                assert_eq!(asked(second).await, (is_hit, Some("second 2".into())));
            }
        });
    }

    #[test]
    fn extractors_of_the_uri_are_asked_once_for_an_entry() {
        #[cached_response]
        #[handler]
        async fn list(page: QueryParam<Counted<3>, false>) -> String {
            page.into_inner().map_or(0, |page| page.0).to_string()
        }
        isolated(async {
            for is_hit in [false, true, true] {
                assert_eq!(asked(list).await, (is_hit, Some("2".into())));
            }
            assert_eq!(read::<3>(), 1);
        });
    }

    #[test]
    fn what_an_extractor_refuses_is_refused_each_time() {
        #[cached_response]
        #[handler]
        async fn list(page: QueryParam<u32>) -> String {
            page.to_string()
        }
        isolated(async {
            for is_hit in [false, true] {
                let answer = asked_for(&list, "/?page=2").await;
                assert_eq!(answer, (StatusCode::OK, is_hit, Some("2".into())));
                for target in ["/?page=two", "/"] {
                    let (status, is_hit, _) = asked_for(&list, target).await;
                    assert_eq!((status, is_hit), (StatusCode::BAD_REQUEST, false));
                }
            }
        });
    }

    /// Lets every second request in.
    struct Guard;

    impl<'r> Extractible<'r> for Guard {
        fn metadata() -> &'static Metadata {
            static METADATA: Metadata = Metadata::new("Guard");
            &METADATA
        }

        #[allow(refining_impl_trait, reason = "`#[handler]` calls `write` of the error")]
        async fn extract(_: &'r mut Request, _: &'r mut Depot) -> Result<Self, StatusError> {
            static ASKED: AtomicU32 = AtomicU32::new(0);
            let is_let_in = ASKED.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            if is_let_in { Ok(Self) } else { Err(StatusError::too_many_requests()) }
        }
    }

    #[test]
    fn all_extractors_run_where_one_reads_more() {
        #[cached_response(skip(_guard))]
        #[handler]
        async fn list(page: QueryParam<Counted<4>>, _guard: Guard) -> String {
            page.into_inner().0.to_string()
        }
        isolated(async {
            for is_hit in [false, true] {
                let answer = asked_for(&list, "/?page=2").await;
                assert_eq!(answer, (StatusCode::OK, is_hit, Some("2".into())));
                let (status, is_hit, _) = asked_for(&list, "/?page=2").await;
                assert_eq!((status, is_hit), (StatusCode::TOO_MANY_REQUESTS, false));
            }
            assert_eq!(read::<4>(), 4);
        });
    }

    #[test]
    fn handlers_have_any_name_and_stand_anywhere() {
        /// Has the name of an argument of the handler around it.
        #[cached_response(handle = pages)]
        #[handler]
        #[allow(clippy::unused_async, reason = "attributes stay with the handler")]
        pub async fn request(page: QueryParam<u32>) -> String {
            format!("{first:?} {page}")
        }
        #[cached_response]
        #[handler]
        fn r#type(r#in: QueryParam<u32, false>) -> String {
            format!("{:?}", r#in.into_inner())
        }
        isolated(async {
            for is_hit in [false, true] {
                assert_eq!(asked(request).await, (is_hit, Some("first 2".into())));
                assert_eq!(asked(r#type).await, (is_hit, Some("None".into())));
            }
            assert_eq!(format!("{request:?} {type:?}"), "request type");
            assert_eq!(pages::cache().stats().hits, 1);
        });
    }
}
