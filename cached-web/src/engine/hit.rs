//! The short way of a request whose response lies ready in memory.
//!
//! Nothing of the request is kept, no place for a load is made, and what is found is answered by the
//! same rules. Whoever finds nothing here goes the whole way, from its beginning.

use std::sync::Arc;

use cached_runtime::Outcome;

use super::To;
use crate::admission::{Admission, admission};
#[cfg(any(feature = "poem", feature = "salvo", feature = "tower"))]
use crate::answer::{Answer, answer};
use crate::cache_status;
use crate::kept::Kept;
use crate::key;
use crate::page::Page;
use crate::pages::{self, Found, terms};
use crate::request::{Asked, Headers};
use crate::rt::{self, Text, TextBuffer};
use crate::rules::Rules;

/// A response that lies ready, and how it was found.
pub(crate) struct Hit {
    pub(crate) page: Arc<Page>,
    pub(crate) found: cache_status::Found,
}

impl To {
    /// The answer of memory, if it has a fresh response under the request's default key, or under one
    /// that is named there.
    #[cfg(any(feature = "poem", feature = "salvo", feature = "tower"))]
    pub(crate) fn ready_answer(self, rules: &Rules, asked: Asked<'_>) -> Option<Answer> {
        let Hit { page, found } = self.hit(rules, asked)?;
        Some(answer(rules, asked, &page, &found))
    }

    pub(crate) fn hit(self, rules: &Rules, asked: Asked<'_>) -> Option<Hit> {
        if !matches!(admission(rules, asked), Admission::Use | Admission::ReadOnly) {
            return None;
        }
        let mut text = TextBuffer::new();
        key::write(&mut text, rules, asked);
        let key = text.key()?;
        let found = match (self.glance(key)?, asked.headers) {
            (Found { kept: Kept::Varies(varies), .. }, Headers::All(headers)) => {
                let key = key::of_variant(key.as_str(), &varies, headers);
                self.glance(Text::new(&key)?)?
            }
            (found, _) => found,
        };
        match found {
            Found { kept: Kept::Page(page), outcome: Some(Outcome::Hit { age, stale, .. }) } => {
                Some(Hit { page, found: cache_status::Found::Hit { age, stale } })
            }
            _ => None,
        }
    }

    fn glance(self, key: Text<'_>) -> Option<Found> {
        rt::glance::<pages::Result, _, _>(self.site, self.instance, &key, &terms())?.ok()
    }
}
