//! One request on its way through the cache: what is known of it, and by which rules it goes.

use cached_runtime::Outcome;

use crate::admission::{self, Admission};
use crate::answer::FoundAs;
use crate::key;
use crate::kept::Varies;
use crate::request::RequestInfo;
use crate::rt::TextBuffer;
use crate::rules::Rules;
use crate::vary;

/// One request on its way through the cache.
#[derive(Clone, Debug)]
pub struct Visit {
    rules: &'static Rules,
    request: RequestInfo,
    admission: Admission,
}

impl Visit {
    /// A request, and the rules of its handler.
    #[must_use]
    pub fn new(rules: &'static Rules, request: RequestInfo) -> Self {
        let admission = admission::admit(rules, &request);
        Self { rules, request, admission }
    }

    /// Writes the default key: host, path and query, and what the rules add.
    pub fn write_key(&self, buffer: &mut TextBuffer) {
        key::write(buffer, self.rules, &self.request);
    }

    /// Writes what every key begins with that the user makes: the host, and what the rules add.
    pub fn write_scope(&self, buffer: &mut TextBuffer) {
        key::write_scope(buffer, self.rules, &self.request);
    }

    pub(crate) fn rules(&self) -> &'static Rules {
        self.rules
    }

    pub(crate) fn request(&self) -> &RequestInfo {
        &self.request
    }

    pub(crate) fn is_bypass(&self) -> bool {
        matches!(self.admission, Admission::Bypass(_))
    }

    /// Whether the client may have the response loaded anew, and wants it.
    pub(crate) fn is_forced(&self) -> bool {
        matches!(self.admission, Admission::Refresh)
    }

    /// Whether the handler's response is one for this request alone: it was asked for no body.
    pub(crate) fn is_read_only(&self) -> bool {
        matches!(self.admission, Admission::ReadOnly)
    }

    /// The key of the response to requests whose fields are as this one's.
    pub(crate) fn variant_key(&self, key: &str, varies: &Varies) -> Box<str> {
        let mut text = TextBuffer::new();
        text.literal(key);
        text.literal("\n");
        text.literal(&format!("{:016x}", varies.id));
        let names = varies.names.iter().map(Box::as_ref);
        text.literal(&vary::values(names, self.request.headers()));
        text.key().map(|key| key.as_str().into()).unwrap_or_default()
    }
}
