//! Whether a value comes back as it goes: a pass over it that writes nothing.
//!
//! Both codecs write `Some(x)` as `x`, so what `x` writes as nothing reads as `None`. JSON has no
//! NaN and no infinities, and writes them as nothing too.

use std::fmt::Display;

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Error;

use super::{Codec, LEVELS};

/// Returns an error where `codec` would lose something of `value`.
pub(super) fn check<T: Serialize + ?Sized>(value: &T, codec: Codec) -> Result<(), Error> {
    value.serialize(Faithful { codec, is_in_some: false, level: 0 })
}

/// Looks at a value, and at the parts of one.
#[derive(Clone, Copy)]
struct Faithful {
    codec: Codec,
    /// Whether the value stands directly in a `Some`.
    is_in_some: bool,
    /// Levels around the value.
    level: usize,
}

impl Faithful {
    fn nothing(self) -> Result<(), Error> {
        if self.is_in_some {
            return Err(Error::custom("`Some` of nothing would come back as `None`"));
        }
        Ok(())
    }

    fn float(self, is_finite: bool) -> Result<(), Error> {
        match self.codec {
            Codec::Json if !is_finite => {
                Err(Error::custom("a number that is not finite has no form in JSON"))
            }
            _ => Ok(()),
        }
    }

    /// What looks at the parts of a value, `levels` below it.
    fn inside(self, levels: usize) -> Result<Self, Error> {
        let level = self.level + levels;
        if level > LEVELS {
            return Err(Error::custom("more than 127 levels would not be decoded"));
        }
        Ok(Self { level, is_in_some: false, ..self })
    }
}

macro_rules! whole {
    ($($method:ident: $ty:ty),*) => {$(
        fn $method(self, _: $ty) -> Result<(), Error> {
            Ok(())
        }
    )*};
}

impl Serializer for Faithful {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    whole!(
        serialize_bool: bool, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_u128: u128
    );

    /// As the codec answers: a type may have two forms.
    fn is_human_readable(&self) -> bool {
        self.codec == Codec::Json
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(value.is_finite())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.float(value.is_finite())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.nothing()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(Self { is_in_some: true, ..self })
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.nothing()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.nothing()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Error> {
        Ok(())
    }

    /// A newtype is written as what it holds.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self.inside(1)?)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        self.inside(1)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        self.inside(1)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        self.inside(1)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.inside(2)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Error> {
        self.inside(1)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        self.inside(1)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Error> {
        self.inside(2)
    }
}

macro_rules! parts {
    ($($ty:ident { $($method:ident($($name:ty)?)),* })*) => {$(
        impl $ty for Faithful {
            type Ok = ();
            type Error = Error;

            $(fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $name,)?
                value: &T,
            ) -> Result<(), Error> {
                value.serialize(*self)
            })*
            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        }
    )*};
}

parts! {
    SerializeSeq { serialize_element() }
    SerializeTuple { serialize_element() }
    SerializeTupleStruct { serialize_field() }
    SerializeTupleVariant { serialize_field() }
    SerializeMap { serialize_key(), serialize_value() }
    SerializeStruct { serialize_field(&'static str) }
    SerializeStructVariant { serialize_field(&'static str) }
}
