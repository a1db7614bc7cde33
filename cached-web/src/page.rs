//! A kept response, and its fields as hits send them: made once, then only `Age` and `Cache-Status`
//! are written anew.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::shape::Shaped;
use crate::snapshot::Snapshot;

/// A kept response.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Page {
    pub(crate) snapshot: Snapshot,
    /// Its fields as answers send them.
    #[serde(skip)]
    pub(crate) ready: Ready<Shaped>,
    /// The same in actix-web's type.
    #[cfg(feature = "actix")]
    #[serde(skip)]
    pub(crate) of_actix: Ready<actix_web::http::header::HeaderMap>,
}

/// Fields as answers send them, once there was one.
#[derive(Debug)]
pub(crate) struct Ready<H> {
    whole: OnceLock<H>,
    not_modified: OnceLock<H>,
}

impl Page {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            ready: Ready::default(),
            #[cfg(feature = "actix")]
            of_actix: Ready::default(),
        }
    }
}

impl<H> Ready<H> {
    /// Those of a 304, or else of the whole response.
    pub(crate) fn get_or_make(&self, is_not_modified: bool, make: impl FnOnce() -> H) -> &H {
        let fields = if is_not_modified { &self.not_modified } else { &self.whole };
        fields.get_or_init(make)
    }
}

impl<H> Default for Ready<H> {
    fn default() -> Self {
        Self { whole: OnceLock::new(), not_modified: OnceLock::new() }
    }
}
