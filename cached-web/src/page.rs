//! A kept response, and its fields as hits send them: made once, then only `Age` and `Cache-Status`
//! are written anew.

use std::sync::OnceLock;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::snapshot::Snapshot;

/// A kept response.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Page {
    pub(crate) snapshot: Snapshot,
    /// The fields of a whole answer, once there was one.
    #[serde(skip)]
    pub(crate) whole: OnceLock<HeaderMap>,
    /// Those of a 304.
    #[serde(skip)]
    pub(crate) not_modified: OnceLock<HeaderMap>,
}

impl Page {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, whole: OnceLock::new(), not_modified: OnceLock::new() }
    }
}
