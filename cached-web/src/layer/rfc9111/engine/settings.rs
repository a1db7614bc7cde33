//! How the layer was set up.

use http::HeaderName;

use super::super::clock::Clock;
use crate::rules::Rules;

/// How the layer was set up. Units and meaning are those of the methods of `Rfc9111Layer`.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Only what is about keys, bodies and `Cache-Status` counts in this mode.
    pub(crate) rules: Rules,
    pub(crate) capacity: u64,
    pub(crate) max_variants: usize,
    pub(crate) client_refresh: bool,
    pub(crate) targets: Vec<HeaderName>,
    pub(crate) clock: Clock,
}

const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");

impl Settings {
    /// Whether the service may speak to this cache by `Surrogate-Control`.
    pub(super) fn is_surrogate(&self) -> bool {
        self.targets.contains(&SURROGATE_CONTROL)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::new(),
            capacity: 64 << 20,
            max_variants: 16,
            client_refresh: true,
            targets: vec![SURROGATE_CONTROL],
            clock: Clock::System,
        }
    }
}
