//! A deserializer that answers each question with a made-up value, and records the question.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::{LEVELS, Label, Names, Node, Refused, Tracer};

/// Texts for types that parse them: numbers, dates, times, addresses, ids, versions, spans.
const TEXTS: &[&str] = &[
    "",
    "0",
    "a",
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00",
    "1970-01-01",
    "00:00:00",
    "00000000-0000-0000-0000-000000000000",
    "127.0.0.1",
    "::1",
    "127.0.0.1:80",
    "[::1]:80",
    "https://example.org/",
    "a@example.org",
    "1.0.0",
    "+00:00",
    "UTC",
    "PT0S",
];

/// A place that is being deserialized.
pub(in crate::shared::shape) struct Place<'t> {
    tracer: &'t mut Tracer,
    idx: usize,
}

impl<'t> Place<'t> {
    /// The whole value, at the start of a pass.
    pub(in crate::shared::shape) fn root(tracer: &'t mut Tracer) -> Self {
        if tracer.nodes.is_empty() {
            tracer.nodes.push(Node::default());
        }
        tracer.stack.push(0);
        Self { tracer, idx: 0 }
    }

    /// The same place, for what it holds without a place of its own.
    fn again(&mut self) -> Place<'_> {
        Place { tracer: self.tracer, idx: self.idx }
    }

    /// Deserializes a place within this one.
    fn inside<T>(
        &mut self,
        label: Label,
        deserialize: impl FnOnce(Place<'_>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let level = self.tracer.stack.len();
        if level > LEVELS {
            self.tracer.note("deep", &[]);
            return Err(Refused::default());
        }
        let idx = self.tracer.child(self.idx, label);
        self.tracer.stack.push(idx);
        let value = deserialize(Place { tracer: self.tracer, idx })?;
        self.tracer.stack.truncate(level);
        Ok(value)
    }

    /// Notes a question, and tells which of `count` alternatives answers it.
    fn asked(&mut self, what: &str, count: usize) -> usize {
        self.tracer.note(what, &[]);
        self.tracer.alternative(self.idx, count)
    }

    fn asked_for_text(&mut self, what: &str) -> &'static str {
        let node = &mut self.tracer.nodes[self.idx];
        let known = *node.texts.get_or_insert_default();
        node.is_enum = !known.is_empty();
        let texts = if node.is_enum { known } else { TEXTS };
        let taken = self.asked(what, texts.len());
        texts[taken]
    }

    /// Deserializes a type with a name, unless it stands within itself too often.
    fn named<T>(
        &mut self,
        what: &str,
        name: &'static str,
        names: Names,
        visit: impl FnOnce(Place<'_>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.tracer.note(what, &[name]);
        self.tracer.note(what, names);
        let open = self.tracer.enter(name, names)?;
        let value = visit(self.again());
        self.tracer.open.truncate(open);
        value
    }

    /// The fields of a struct.
    fn fields(self, names: Names) -> Entries<'t> {
        let names = Vec::from(names).into_iter();
        Entries { place: self, has_any: false, names, label: Label::Inside }
    }

    /// A map with the keys that were missed before, and perhaps one of any name.
    fn entries(self, has_any: bool) -> Entries<'t> {
        let keys = self.tracer.nodes[self.idx].keys.get_or_insert_default().clone();
        let names = keys.into_iter();
        Entries { place: self, has_any, names, label: Label::Inside }
    }

    fn elements(self, len: usize) -> Elements<'t> {
        Elements { place: self, next: 0, len }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $ty:ty),*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
            let is_one = self.asked(stringify!($ty), 2) == 1;
            visitor.$visit(<$ty>::from(is_one))
        }
    )*};
}

impl<'de> Deserializer<'de> for Place<'_> {
    type Error = Refused;

    numbers!(
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64
    );

    /// A type that takes anything: untagged, internally tagged, or a tree of values.
    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        match self.asked("any", 6) {
            0 => visitor.visit_map(self.entries(false)),
            1 => visitor.visit_str(""),
            2 => visitor.visit_u64(0),
            3 => visitor.visit_unit(),
            4 => visitor.visit_seq(self.elements(0)),
            _ => visitor.visit_bool(false),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.asked("char", 1);
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_str(self.asked_for_text("text"))
    }

    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_string(self.asked_for_text("text").to_owned())
    }

    fn deserialize_identifier<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_str(self.asked_for_text("identifier"))
    }

    fn deserialize_bytes<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.asked("bytes", 1);
        visitor.visit_bytes(&[])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.asked("bytes", 1);
        visitor.visit_byte_buf(Vec::new())
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        match self.asked("option", 2) {
            0 => self.inside(Label::Inside, |place| visitor.visit_some(place)),
            _ => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.asked("unit", 1);
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.asked("ignored", 1);
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.named("unit struct", name, &[], |_| visitor.visit_unit())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.named("newtype", name, &[], |place| visitor.visit_newtype_struct(place))
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        let len = 1 - self.asked("sequence", 2);
        visitor.visit_seq(self.elements(len))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.tracer.note("tuple", &[&len.to_string()]);
        visitor.visit_seq(self.elements(len))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.named("tuple struct", name, &[], |place| place.deserialize_tuple(len, visitor))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        let has_any = self.asked("map", 2) == 0;
        visitor.visit_map(self.entries(has_any))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: Names,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.named("struct", name, fields, |place| visitor.visit_map(place.fields(fields)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: Names,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.named("enum", name, variants, |mut place| {
            let taken = place.asked("variant", variants.len());
            let variant = variants.get(taken).ok_or_else(Refused::default)?;
            place.tracer.nodes[place.idx].is_enum = true;
            let value = visitor.visit_enum(Variant { place: place.again(), name: variant })?;
            place.tracer.nodes[place.idx].accepted = Some(taken);
            Ok(value)
        })
    }
}

/// The fields of a struct, or the entries of a map.
struct Entries<'t> {
    place: Place<'t>,
    /// Whether the entry of any name is still to come.
    has_any: bool,
    names: std::vec::IntoIter<&'static str>,
    /// The place of the value that comes next.
    label: Label,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        if std::mem::take(&mut self.has_any) {
            self.label = Label::Inside;
            return self.place.inside(Label::Key, |place| seed.deserialize(place)).map(Some);
        }
        let Place { tracer, idx } = &mut self.place;
        for name in self.names.by_ref() {
            let field = tracer.child(*idx, Label::Field(name));
            if tracer.nodes[field].is_skipped {
                continue;
            }
            self.label = Label::Field(name);
            tracer.nodes[*idx].last_field = Some(field);
            tracer.note("key", &[name]);
            let key: StrDeserializer<'_, Refused> = name.into_deserializer();
            return seed.deserialize(key).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Refused> {
        self.place.inside(self.label, |place| seed.deserialize(place))
    }
}

/// The elements of a sequence or tuple.
struct Elements<'t> {
    place: Place<'t>,
    next: usize,
    len: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        if self.next == self.len {
            return Ok(None);
        }
        self.next += 1;
        self.place.inside(Label::Element(self.next), |place| seed.deserialize(place)).map(Some)
    }
}

/// The variant of an enum that is taken.
struct Variant<'t> {
    place: Place<'t>,
    name: &'static str,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Refused> {
        let name: StrDeserializer<'_, Refused> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        self.place.tracer.note("unit variant", &[]);
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        mut self,
        seed: T,
    ) -> Result<T::Value, Refused> {
        self.place.tracer.note("newtype variant", &[]);
        self.place.inside(Label::Variant(self.name), |place| seed.deserialize(place))
    }

    fn tuple_variant<V: Visitor<'de>>(
        mut self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let label = Label::Variant(self.name);
        self.place.inside(label, |place| place.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: Names,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.place.tracer.note("struct variant", fields);
        let label = Label::Variant(self.name);
        self.place.inside(label, |place| visitor.visit_map(place.fields(fields)))
    }
}
