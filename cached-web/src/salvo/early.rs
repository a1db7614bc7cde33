//! Answers from before a handler's arguments are made: see [`crate::early`].
//!
//! What an extractor gives in place of an argument is sent as an error. So the answer is the first
//! argument, and the handler returns it; the fields of the request are not cloned.

use std::ops::ControlFlow;

use salvo::extract::{Extractible, Metadata, PathParam, QueryParam};
use salvo::{Depot, Request};

use super::write::Response;
use super::{Never, RequestInfo};
use crate::answer::Answer;
use crate::early::{self, OfUri, known};
use crate::request::Asked;
use crate::rt::{Instance, Site};
use crate::rules::Rules;

/// What `#[cached_response]` gives a handler: a [`RequestInfo`], or the answer.
///
/// The handler is found by its number for hits that answer before its arguments are made.
#[derive(Debug)]
pub struct RequestInfoOf<const HANDLER: u64>(ControlFlow<Answer, RequestInfo>);

#[expect(refining_impl_trait, reason = "`#[handler]` calls `write` of the error: see there")]
impl<'r, const HANDLER: u64> Extractible<'r> for RequestInfoOf<HANDLER> {
    fn metadata() -> &'static Metadata {
        RequestInfo::metadata()
    }

    async fn extract(request: &'r mut Request, _: &'r mut Depot) -> Result<Self, Never> {
        let asked = Asked::new(request.method(), request.uri(), request.headers());
        let answer = known(HANDLER).and_then(|known| known.to.ready_answer(known.rules, asked));
        Ok(Self(match answer {
            Some(answer) => ControlFlow::Break(answer),
            None => ControlFlow::Continue((&*request).into()),
        }))
    }

    async fn extract_with_arg(
        request: &'r mut Request,
        depot: &'r mut Depot,
        _: &str,
    ) -> Result<Self, Never> {
        Self::extract(request, depot).await
    }
}

/// The answer, or what is known of the request. Lets responses answer from now on before the
/// handler's arguments are made, if they may.
pub fn early<const HANDLER: u64>(
    request: RequestInfoOf<HANDLER>,
    site: &'static Site,
    instance: Instance,
    rules: &'static Rules,
    reads: &[bool],
) -> ControlFlow<Response, RequestInfo> {
    let info = request.0.map_break(Response::answered)?;
    early::answer_early(HANDLER, site, instance, rules, reads);
    ControlFlow::Continue(info)
}

impl<T> OfUri for PathParam<T> {}
impl<T, const IS_REQUIRED: bool> OfUri for QueryParam<T, IS_REQUIRED> {}
