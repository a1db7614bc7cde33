//! The short way of a request whose response lies ready in memory.
//!
//! Nothing of the request is kept, no place for a load is made, and what is found is answered by the
//! same rules. Whoever finds nothing here goes the whole way, from its beginning.

use cached_runtime::Outcome;

use super::To;
use crate::admission::{Admission, admission};
use crate::answer::{Answer, answer};
use crate::cache_status;
use crate::kept::Kept;
use crate::key;
use crate::pages::{self, Found, terms};
use crate::request::Asked;
use crate::rt::{self, Text, TextBuffer};
use crate::rules::Rules;

impl To {
    /// The answer of memory, if it has a fresh response under the request's default key, or under one
    /// that is named there.
    pub(crate) fn hit(self, rules: &Rules, asked: Asked<'_>) -> Option<Answer> {
        if !matches!(admission(rules, asked), Admission::Use | Admission::ReadOnly) {
            return None;
        }
        let mut text = TextBuffer::new();
        key::write(&mut text, rules, asked);
        let key = text.key()?;
        let found = match self.glance(key)? {
            Found { kept: Kept::Varies(varies), .. } => {
                let key = key::of_variant(key.as_str(), &varies, asked.headers);
                self.glance(Text::new(&key)?)?
            }
            found => found,
        };
        match found {
            Found { kept: Kept::Page(page), outcome: Some(Outcome::Hit { age, stale, .. }) } => {
                let found = cache_status::Found::Hit { age, stale };
                Some(answer(rules, asked, &page, &found))
            }
            _ => None,
        }
    }

    fn glance(self, key: Text<'_>) -> Option<Found> {
        rt::glance::<pages::Result, _, _>(self.site, self.instance, &key, &terms())?.ok()
    }
}
