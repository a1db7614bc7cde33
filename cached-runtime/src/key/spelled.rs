//! Spelled keys: arguments written as text through `Serialize`, for entries that leave the process.
//!
//! Injective: values that differ in what they tell the serializer have different texts, where an
//! integer counts by its value and a `char` as a text of one character. (A type that tells less
//! than it holds, through `#[serde(skip)]` say, makes one key of what it does not tell apart.) No
//! text is a part of another that could be taken for it, so several may stand in one key with a
//! `,` between them. Nothing reads the texts back.
//!
//! | value | text |
//! |---|---|
//! | `-5`, `true`, `1.0`, `1.0_f32` | `-5`, `true`, `1.0`, `1.0f32` |
//! | `"abc"`, `"a:b"`, `"5"`, `""` | `abc`, `a%3Ab`, `'5`, `'` |
//! | bytes | `0xBEEF` |
//! | `None`, `Some(5)`, `Some(None)` | `%-`, `?5`, `?%-` |
//! | `()`, a tuple or array, a sequence | `()`, `(1,2)`, `[1,2]` |
//! | a map | `{a=1,b=2}`, in its own order |
//! | `Unit`, `Id(5)`, `Page { from: 1 }` | `Unit()`, `Id(5)`, `Page{from=1}` |
//! | `Color::Red`, `Shape::Dot(1, 2)` | `Color::Red`, `Shape::Dot(1,2)` |
//!
//! The order of a hash map or set differs between processes, and with it the text: such an
//! argument costs misses.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::text::{NONE, TextBuffer};

/// An argument on its way into the text of a key.
pub struct Spelled<'a, T: ?Sized>(pub &'a T);

impl<T: Serialize + ?Sized> Spelled<'_, T> {
    /// Writes the argument. Where its `Serialize` fails, the key names nothing.
    ///
    /// Cost: no allocation for what fits the buffer, apart from those of `T`'s own `Serialize`.
    pub fn write(&self, buffer: &mut TextBuffer) {
        if self.0.serialize(Speller(buffer)).is_err() {
            buffer.fail();
        }
    }
}

/// A value that is the whole key: what a callable gave.
pub struct SpelledWhole<'a, T: ?Sized>(pub &'a T);

/// Values that are the text of a key as they stand.
pub trait SpelledByText {
    /// The text.
    fn part(&self) -> SpelledText<'_>;
}

macro_rules! spelled_by_text {
    ($($ty:ty)*) => {$(
        impl SpelledByText for &SpelledWhole<'_, $ty> {
            fn part(&self) -> SpelledText<'_> {
                SpelledText(self.0)
            }
        }
    )*};
}

spelled_by_text!(&str String &String Box<str> Arc<str> Cow<'_, str>);

impl<'a, T: ?Sized> SpelledWhole<'a, T> {
    /// Any other value, which is written as a part of a key is.
    #[must_use]
    pub fn part(&self) -> Spelled<'a, T> {
        Spelled(self.0)
    }
}

/// The text of a key.
pub struct SpelledText<'a>(&'a str);

impl SpelledText<'_> {
    /// The text.
    #[must_use]
    pub fn checked(self) -> Self {
        self
    }

    /// Writes the text. Where it is empty, the key names nothing.
    pub fn write(&self, buffer: &mut TextBuffer) {
        if self.0.is_empty() {
            buffer.fail();
        }
        buffer.literal(self.0);
    }
}

/// Marks a text that would read as something else.
const TEXT: &str = "'";

/// Writes one value.
struct Speller<'b>(&'b mut TextBuffer);

impl<'b> Speller<'b> {
    /// Begins `Name` or `Name::Variant`.
    fn named(self, name: &str, variant: Option<&str>) -> Self {
        self.0.escaped(name);
        if let Some(variant) = variant {
            self.0.literal("::");
            self.0.escaped(variant);
        }
        self
    }

    fn parts(self, open: &str, close: &'static str) -> Parts<'b> {
        self.0.literal(open);
        Parts { buffer: self.0, close, is_first: true }
    }
}

/// Whether a text can stand as it is. Everything else begins with no letter, or is one of the words.
fn is_plain(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !matches!(text, "true" | "false" | "NaN" | "NaNf32" | "inf" | "inff32")
}

macro_rules! integers {
    ($($method:ident: $ty:ty),*) => {$(
        fn $method(self, value: $ty) -> fmt::Result {
            self.0.literal(itoa::Buffer::new().format(value));
            Ok(())
        }
    )*};
}

impl<'b> Serializer for Speller<'b> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Parts<'b>;
    type SerializeTuple = Parts<'b>;
    type SerializeTupleStruct = Parts<'b>;
    type SerializeTupleVariant = Parts<'b>;
    type SerializeMap = Parts<'b>;
    type SerializeStruct = Parts<'b>;
    type SerializeStructVariant = Parts<'b>;

    integers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_u128: u128
    );

    fn serialize_bool(self, value: bool) -> fmt::Result {
        self.0.literal(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> fmt::Result {
        self.0.formatted(format_args!("{value:?}f32"));
        Ok(())
    }

    /// The shortest text that reads back as the same bits, but for those of a NaN.
    fn serialize_f64(self, value: f64) -> fmt::Result {
        self.0.formatted(format_args!("{value:?}"));
        Ok(())
    }

    fn serialize_char(self, value: char) -> fmt::Result {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> fmt::Result {
        if !is_plain(value) {
            self.0.literal(TEXT);
        }
        self.0.escaped(value);
        Ok(())
    }

    /// Written as it comes, and so marked before it is known.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> fmt::Result {
        self.0.literal(TEXT);
        self.0.formatted(format_args!("{value}"));
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> fmt::Result {
        self.0.literal("0x");
        self.0.hex(value);
        Ok(())
    }

    fn serialize_none(self) -> fmt::Result {
        self.0.literal(NONE);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        self.0.literal("?");
        value.serialize(self)
    }

    fn serialize_unit(self) -> fmt::Result {
        self.0.literal("()");
        Ok(())
    }

    fn serialize_unit_struct(self, name: &'static str) -> fmt::Result {
        self.named(name, None).serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
    ) -> fmt::Result {
        self.named(name, Some(variant));
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> fmt::Result {
        let mut parts = self.serialize_tuple_struct(name, 1)?;
        parts.part(value)?;
        parts.close();
        Ok(())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        idx: u32,
        variant: &'static str,
        value: &T,
    ) -> fmt::Result {
        let mut parts = self.serialize_tuple_variant(name, idx, variant, 1)?;
        parts.part(value)?;
        parts.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'b>, fmt::Error> {
        Ok(self.parts("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'b>, fmt::Error> {
        Ok(self.parts("(", ")"))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Parts<'b>, fmt::Error> {
        Ok(self.named(name, None).parts("(", ")"))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'b>, fmt::Error> {
        Ok(self.named(name, Some(variant)).parts("(", ")"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'b>, fmt::Error> {
        Ok(self.parts("{", "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Parts<'b>, fmt::Error> {
        Ok(self.named(name, None).parts("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'b>, fmt::Error> {
        Ok(self.named(name, Some(variant)).parts("{", "}"))
    }
}

/// Writes the parts of a value, with a comma between them.
struct Parts<'b> {
    buffer: &'b mut TextBuffer,
    close: &'static str,
    is_first: bool,
}

impl Parts<'_> {
    fn separate(&mut self) {
        if !self.is_first {
            self.buffer.literal(",");
        }
        self.is_first = false;
    }

    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.separate();
        value.serialize(Speller(self.buffer))
    }

    /// Names the field: one that a type leaves out must not pass for its neighbour.
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> fmt::Result {
        self.part(name)?;
        self.value(value)
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.buffer.literal("=");
        value.serialize(Speller(self.buffer))
    }

    fn close(self) {
        self.buffer.literal(self.close);
    }
}

macro_rules! parts {
    ($($ty:ident: $method:ident),*) => {$(
        impl $ty for Parts<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
                self.part(value)
            }
            fn end(self) -> fmt::Result {
                self.close();
                Ok(())
            }
        }
    )*};
}

macro_rules! fields {
    ($($ty:ident),*) => {$(
        impl $ty for Parts<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> fmt::Result {
                self.field(name, value)
            }
            fn end(self) -> fmt::Result {
                self.close();
                Ok(())
            }
        }
    )*};
}

parts!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);
fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> fmt::Result {
        self.part(key)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.value(value)
    }
    fn end(self) -> fmt::Result {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
