//! [`CacheLayer`] as a middleware of actix-web.

use std::future::{self, Ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::InternalError;
use actix_web::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use actix_web::{Error, HttpMessage as _, HttpResponse};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{HeaderMap, StatusCode};

use super::convert;
use super::keep::{answered, keep, ready_answer};
use crate::CacheLayer;
use crate::answer::Answer;
use crate::engine::{Load, Opened};
use crate::made::Made;
use crate::visit::Visit;

impl<S, B> Transform<S, ServiceRequest> for CacheLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = CacheMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        future::ready(Ok(CacheMiddleware { service: Rc::new(service), made: self.made() }))
    }
}

/// A service whose responses are cached: what [`CacheLayer`] makes of one.
pub struct CacheMiddleware<S> {
    service: Rc<S>,
    made: Made,
}

/// What a [`CacheMiddleware`] returns.
pub type CacheMiddlewareFuture =
    Pin<Box<dyn Future<Output = Result<ServiceResponse<BoxBody>, Error>>>>;

impl<S, B> Service<ServiceRequest> for CacheMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = CacheMiddlewareFuture;

    fn poll_ready(&self, ctx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(ctx)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let made = self.made;
        let has_body = has_unannounced_body(&mut request);
        let place = made.place().filter(|_| !has_body);
        match place.and_then(|to| ready_answer(to, made.rules(), request.request())) {
            Some(response) => Box::pin(future::ready(Ok(request.into_response(response)))),
            None => Box::pin(answer(made, Rc::clone(&self.service), request, has_body)),
        }
    }
}

/// Whether a request has a body, or may have one, that its fields do not announce: HTTP/2 needs no such field.
/// The body stays as it was.
fn has_unannounced_body(request: &mut ServiceRequest) -> bool {
    let mut payload = request.take_payload();
    if matches!(payload, Payload::None | Payload::H1 { .. }) {
        request.set_payload(payload);
        return false;
    }
    let (has_body, payload): (bool, Payload) = match payload.next().now_or_never() {
        Some(None) => (false, Payload::None),
        Some(Some(first)) => {
            let whole = stream::once(future::ready(first)).chain(payload);
            (true, Payload::Stream { payload: Box::pin(whole) })
        }
        None => (true, payload),
    };
    request.set_payload(payload);
    has_body
}

async fn answer<S, B>(
    made: Made,
    service: Rc<S>,
    mut request: ServiceRequest,
    has_body: bool,
) -> Result<ServiceResponse<BoxBody>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    let info = convert::info(request.request());
    let visit = Visit::new(made.rules(), info);
    let visit = if has_body { visit.with_body() } else { visit };
    let mut load = match made.begin_here(visit).await.open().await {
        Opened::Answer(answer) => return Ok(request.into_response(answered(answer))),
        Opened::Load(load) => load,
    };
    if load.may_keep() {
        // They are for what is kept; a 304 of the service's own would be of no use to others.
        for condition in [IF_NONE_MATCH, IF_MODIFIED_SINCE] {
            request.headers_mut().remove(condition);
        }
    }
    match load.run(service.call(request)).await {
        Ok(Ok(response)) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, keep(load, response).await))
        }
        Ok(Err(error)) => Err(stand_in(load, &error).await.unwrap_or(error)),
        Err(answer) => Err(instead(answer)),
    }
}

/// What stands in for an error of the service, if anything does.
async fn stand_in(load: Load, error: &Error) -> Option<Error> {
    let status = error.as_response_error().status_code().as_u16();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    load.pass(status, &mut HeaderMap::new()).await.map(instead)
}

/// An answer in place of the service's, with which the request has gone: it goes out as an error's.
fn instead(answer: Answer) -> Error {
    let response: HttpResponse = answered(answer);
    InternalError::from_response("answered by the cache", response).into()
}
