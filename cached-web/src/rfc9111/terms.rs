//! On what terms a stored response is used: what its directives say, read once when it is stored.

use std::time::Duration;

use super::Control;

/// On what terms a stored response is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// How long it is fresh, counted from when it was made.
    pub(crate) lifetime: Duration,
    /// Whether each use has to be validated first (`no-cache`).
    pub(crate) is_validated_always: bool,
    pub(crate) staleness: Staleness,
    /// For how long after that it is used while it is validated in the background (RFC 5861, 3).
    pub(crate) while_revalidating: Duration,
    /// For how long after that it is used where validation fails (RFC 5861, 4).
    pub(crate) on_error: Duration,
}

/// Who may have a response that is no longer fresh (RFC 9111, section 4.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Staleness {
    /// Nobody: `must-revalidate`, `proxy-revalidate`, `no-cache`.
    Forbidden,
    /// Who its own extensions allow it. `s-maxage` says `proxy-revalidate` as well, which
    /// `stale-while-revalidate` and `stale-if-error` beside it modify (5.2.3).
    ByExtension,
    /// Also clients that ask for it with `max-stale`.
    Allowed,
}

impl Terms {
    pub(crate) fn new(control: &Control, lifetime: Duration) -> Self {
        let is_validated_always = control.has_unqualified("no-cache");
        let is_strict = control.has("must-revalidate") || control.has("proxy-revalidate");
        let staleness = match () {
            () if is_strict || is_validated_always => Staleness::Forbidden,
            () if control.has("s-maxage") => Staleness::ByExtension,
            () => Staleness::Allowed,
        };
        let allowance = |name| match staleness {
            Staleness::Forbidden => Duration::ZERO,
            Staleness::ByExtension | Staleness::Allowed => control.allowance(name),
        };
        Self {
            lifetime,
            is_validated_always,
            staleness,
            while_revalidating: allowance("stale-while-revalidate"),
            on_error: allowance("stale-if-error"),
        }
    }

    /// Whether a response that cannot be validated is of any use.
    pub(crate) fn is_of_use(&self) -> bool {
        let longest = self.lifetime.max(self.while_revalidating).max(self.on_error);
        !self.is_validated_always && !longest.is_zero()
    }
}
