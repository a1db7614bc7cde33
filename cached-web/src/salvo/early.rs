//! Answers before a handler's arguments are made: see [`crate::early`].

use std::sync::OnceLock;

use salvo::Request;
use salvo::extract::{PathParam, QueryParam};

use super::write::send;
use crate::early::{self, OfUri};
use crate::request::Asked;
use crate::rt::{Instance, Site};
use crate::rules::Rules;

/// Where the responses of a handler are that may answer early, once it has run.
pub struct Early(OnceLock<early::Early>);

impl Default for Early {
    fn default() -> Self {
        Self::new()
    }
}

impl Early {
    /// Of a handler that has not run.
    #[must_use]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Whether a request is answered.
    pub fn answers(&self, request: &Request, response: &mut salvo::Response) -> bool {
        let Some(early) = self.0.get() else { return false };
        let asked = Asked::new(request.method(), request.uri(), request.headers());
        let answer = early.answer(asked);
        let is_answered = answer.is_some();
        if let Some(answer) = answer {
            send(answer, response);
        }
        is_answered
    }

    /// The handler runs. Lets responses answer from now on before its arguments are made, if they
    /// may.
    pub fn begin(
        &self,
        site: &'static Site,
        instance: Instance,
        rules: &'static Rules,
        reads: &[bool],
    ) {
        if let Some(early) = early::Early::new(site, instance, rules, reads) {
            let _ = self.0.set(early);
        }
    }
}

impl<T> OfUri for PathParam<T> {}
impl<T, const IS_REQUIRED: bool> OfUri for QueryParam<T, IS_REQUIRED> {}
