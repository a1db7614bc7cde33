//! What a type asks for, and the next value to make up for it.
//!
//! Each place in a type (a field of a field, say) has a [`Node`] that lists the alternatives there:
//! `Some` and `None`, one element and none, each variant, texts that some types parse. One pass
//! deserializes one value. If it was refused, the innermost place around the refusal that has
//! another alternative takes it; a field with none left is skipped from then on, so that the
//! fields after it are seen. If it was accepted, the last enum with unseen variants takes its
//! next. How a place answers a type's questions is in `place.rs`.

mod place;

use std::collections::HashMap;
use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};
use xxhash_rust::xxh3::Xxh3;

pub(super) use place::Place;

/// Places within one another. What nests deeper is cut off.
const LEVELS: usize = 100;

/// How often a type may stand within itself before it is cut off. Twice, and not once, for the
/// sake of generic types: `Page<Page<u8>>` is not recursive.
const OPEN: usize = 2;

/// The record of all passes, and what the next one is to do.
#[derive(Default)]
pub(super) struct Tracer {
    record: Xxh3,
    nodes: Vec<Node>,
    children: HashMap<(usize, Label), usize>,
    /// The places that are being deserialized; where it failed, once it has.
    stack: Vec<usize>,
    /// The named types that are being deserialized, with their fields or variants.
    open: Vec<(&'static str, Names)>,
    /// The places that were seen in this pass, in order.
    seen: Vec<usize>,
}

type Names = &'static [&'static str];

/// What tells a place from its neighbours.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Label {
    Field(&'static str),
    Variant(&'static str),
    Element(usize),
    Key,
    Inside,
}

/// A place in the type.
#[derive(Default)]
struct Node {
    parent: Option<usize>,
    /// The alternative to take.
    taken: usize,
    /// The last alternative that was ever taken.
    reached: usize,
    /// How many alternatives there are.
    count: usize,
    /// Whether all alternatives are to be seen, not just one that is accepted.
    is_enum: bool,
    /// A variant that was accepted.
    accepted: Option<usize>,
    /// Whether it can be left out, and whether it is.
    is_field: bool,
    is_skipped: bool,
    /// The field that was handed out last.
    last_field: Option<usize>,
    /// Keys that were missed in a map.
    keys: Option<Vec<&'static str>>,
    /// In a place for a text, those that it is known to ask for.
    texts: Option<Names>,
}

/// A made-up value was refused.
#[derive(Debug, Default)]
pub(super) struct Refused {
    missing: Option<&'static str>,
    variants: Option<Names>,
    is_duplicate: bool,
    /// What else was said, as far as it is the same everywhere.
    said: String,
}

impl Tracer {
    /// Ends a pass. Returns whether another one would see more.
    pub(super) fn is_there_more(&mut self, outcome: Result<(), Refused>) -> bool {
        let is_there_more = match outcome {
            Ok(()) => {
                self.note("accepted", &[]);
                self.see_next_variant_in(0)
            }
            Err(refused) => {
                self.note("refused", &[&refused.said]);
                self.answer(&refused)
            }
        };
        self.stack.clear();
        self.open.clear();
        self.seen.clear();
        is_there_more
    }

    pub(super) fn digest(&self) -> u64 {
        self.record.digest()
    }

    /// Adds to the record. No two lists of texts give the same bytes.
    fn note(&mut self, what: &str, names: &[&str]) {
        self.record.update(&(names.len() as u64).to_le_bytes());
        for text in [what].iter().chain(names) {
            self.record.update(&(text.len() as u64).to_le_bytes());
            self.record.update(text.as_bytes());
        }
    }

    /// Finds something to do differently.
    fn answer(&mut self, refused: &Refused) -> bool {
        if let Some(top) = self.stack.last().map(|top| &mut self.nodes[*top]) {
            match (refused, &mut top.keys) {
                (Refused { missing: Some(key), .. }, Some(keys)) if !keys.contains(key) => {
                    keys.push(key);
                    return true;
                }
                (Refused { variants: Some(texts), .. }, _)
                    if top.texts.is_some_and(<[_]>::is_empty) && !texts.is_empty() =>
                {
                    (top.texts, top.taken, top.reached) = (Some(*texts), 0, 0);
                    return true;
                }
                // The same field under another name.
                (Refused { is_duplicate: true, .. }, _) => {
                    if let Some(field) = top.last_field.take() {
                        self.nodes[field].is_skipped = true;
                        return true;
                    }
                }
                _ => {}
            }
        }
        for idx in self.stack.clone().into_iter().rev() {
            // What lies within is lost with this alternative: first see the rest of it.
            if self.see_next_variant_in(idx) {
                return true;
            }
            let node = &mut self.nodes[idx];
            if node.reached + 1 < node.count {
                node.reached += 1;
                node.taken = node.reached;
                return true;
            }
            if let Some(accepted) = node.accepted.filter(|accepted| *accepted != node.taken) {
                node.taken = accepted;
                return true;
            }
            if node.is_field && !node.is_skipped {
                node.is_skipped = true;
                return true;
            }
        }
        false
    }

    /// Turns to the next variant of the enum within a place that was seen last.
    fn see_next_variant_in(&mut self, place: usize) -> bool {
        let has_more = |idx: &usize| {
            let node = &self.nodes[*idx];
            node.is_enum && node.reached + 1 < node.count && self.is_within(*idx, place)
        };
        let Some(idx) = self.seen.iter().copied().rfind(has_more) else { return false };
        let node = &mut self.nodes[idx];
        node.reached += 1;
        node.taken = node.reached;
        true
    }

    fn is_within(&self, inner: usize, outer: usize) -> bool {
        let mut at = Some(inner);
        while let Some(idx) = at {
            if idx == outer {
                return true;
            }
            at = self.nodes[idx].parent;
        }
        false
    }

    fn child(&mut self, parent: usize, label: Label) -> usize {
        let next = self.nodes.len();
        let idx = *self.children.entry((parent, label)).or_insert(next);
        if idx == next {
            let is_field = matches!(label, Label::Field(_));
            self.nodes.push(Node { parent: Some(parent), is_field, ..Node::default() });
        }
        idx
    }

    /// The alternative to take at a place that has `count` of them.
    fn alternative(&mut self, idx: usize, count: usize) -> usize {
        self.seen.push(idx);
        let node = &mut self.nodes[idx];
        node.count = count;
        node.taken.min(count.saturating_sub(1))
    }

    /// Begins a named type. Returns how many were open before it.
    fn enter(&mut self, name: &'static str, names: Names) -> Result<usize, Refused> {
        let again = self.open.iter().filter(|open| **open == (name, names)).count();
        if again >= OPEN {
            return Err(Refused::default());
        }
        self.open.push((name, names));
        Ok(self.open.len() - 1)
    }
}

impl Refused {
    pub(super) fn panic() -> Self {
        Self::said("panic", &"")
    }

    fn said(what: &str, about: &dyn Display) -> Self {
        Self { said: format!("{what} {about}"), ..Self::default() }
    }
}

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    /// Free text is no part of the shape: nobody says that it is the same twice.
    fn custom<T: Display>(_: T) -> Self {
        Self::default()
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::said("type", &expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::said("value", &expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::said("length", &expected)
    }

    fn unknown_variant(_: &str, expected: Names) -> Self {
        Self { variants: Some(expected), ..Self::said("variants", &expected.join(",")) }
    }

    fn unknown_field(_: &str, expected: Names) -> Self {
        Self::said("fields", &expected.join(","))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: Some(field), ..Self::said("missing", &field) }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { is_duplicate: true, ..Self::said("duplicate", &field) }
    }
}
