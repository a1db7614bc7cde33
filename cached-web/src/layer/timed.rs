//! The layer in front of a tower service.

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;

use crate::body::{Flow, settle};
use crate::engine::Opened;
use crate::made::{Heads, Made};
use crate::request::RequestInfo;

impl Made {
    /// Answers a request: from the cache, or by the service.
    pub(crate) async fn answer<B, R, E, F>(
        self,
        mut request: Request<B>,
        call: impl FnOnce(Request<B>) -> F,
    ) -> Result<Response<Flow<R>>, E>
    where
        F: Future<Output = Result<Response<R>, E>>,
        R: Body<Data = Bytes> + Unpin,
    {
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let info = RequestInfo::new(request.method().clone(), uri, headers);
        let mut load = match self.begin(info, Heads::AsGet).open().await {
            Opened::Answer(answer) => return Ok(answer.into_response().map(Flow::Whole)),
            Opened::Load(load) => load,
        };
        // What GET would get is kept, and says all that HEAD asks for.
        if request.method() == Method::HEAD && load.may_keep() {
            *request.method_mut() = Method::GET;
        }
        match load.run(call(request)).await {
            Ok(response) => Ok(settle(load, response?).await),
            Err(answer) => Ok(answer.into_response().map(Flow::Whole)),
        }
    }
}
