//! [`CacheLayer`] as a hoop of salvo.

use http_body::Body as _;
use salvo::{Depot, FlowCtrl, Handler, Request, async_trait};

use super::write::{keep, send};
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
        res: &mut salvo::Response,
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
        // One of its own: what hoops before this one have written is for this request alone.
        let mut written = salvo::Response::new();
        match load.run(ctrl.call_next(req, depot, &mut written)).await {
            Ok(_) => keep(load, written, res).await,
            Err(answer) => {
                ctrl.skip_rest();
                send(answer, res);
            }
        }
    }
}
