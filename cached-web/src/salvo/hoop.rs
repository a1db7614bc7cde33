//! [`CacheLayer`] as a hoop of salvo.

use std::mem;

use http::header::{HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http_body::Body as _;
use salvo::{Depot, FlowCtrl, Handler, Request, Response, async_trait};

use super::write::{keep, pass, send};
use crate::CacheLayer;
use crate::engine::Opened;
use crate::request::{Asked, RequestInfo};
use crate::visit::Visit;

#[async_trait]
impl Handler for CacheLayer {
    async fn handle(
        &self,
        req: &mut Request,
        depot: &mut Depot,
        res: &mut Response,
        ctrl: &mut FlowCtrl,
    ) {
        let made = self.made();
        // HTTP/2 announces no body in fields.
        let is_whole = req.body().is_end_stream();
        let asked = Asked::new(req.method(), req.uri(), req.headers());
        let to = made.place().filter(|_| is_whole);
        if let Some(answer) = to.and_then(|to| to.ready_answer(made.rules(), asked)) {
            ctrl.skip_rest();
            return send(answer, res);
        }
        let visit = Visit::new(made.rules(), RequestInfo::from(&*req));
        let visit = if is_whole { visit } else { visit.with_body() };
        let mut load = match made.begin_here(visit).await.open().await {
            Opened::Answer(answer) => {
                ctrl.skip_rest();
                return send(answer, res);
            }
            Opened::Load(load) => load,
        };
        let ended = if load.may_keep() {
            let mut written = apart(res);
            let conditions = CONDITIONS.map(|name| (name.clone(), req.headers_mut().remove(name)));
            let ended = load.run(ctrl.call_next(req, depot, &mut written)).await;
            for (name, value) in conditions {
                value.map(|value| req.headers_mut().insert(name, value));
            }
            match ended {
                Ok(_) => return keep(load, written, res).await,
                Err(answer) => Err(answer),
            }
        } else {
            load.run(ctrl.call_next(req, depot, res)).await
        };
        match ended {
            Ok(_) => pass(load, res).await,
            Err(answer) => {
                ctrl.skip_rest();
                send(answer, res);
            }
        }
    }
}

/// They are for what is kept; a 304 of what is behind the cache would be of no use to others. Hoops before
/// this one get them back.
const CONDITIONS: [HeaderName; 2] = [IF_NONE_MATCH, IF_MODIFIED_SINCE];

/// A response for what is behind the cache alone: what hoops before it have written is for this request.
/// It knows the cookies of the request, unless such a hoop has changed some.
fn apart(res: &mut Response) -> Response {
    if res.has_cookie_changes() {
        let mut apart = Response::new();
        apart.status_code = res.status_code;
        return apart;
    }
    let mut apart = mem::take(res);
    res.status_code = apart.status_code;
    mem::swap(&mut res.headers, &mut apart.headers);
    mem::swap(&mut res.extensions, &mut apart.extensions);
    res.body = apart.take_body();
    apart
}
