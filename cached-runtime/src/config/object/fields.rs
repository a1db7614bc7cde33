//! The fields of an object, of whatever format: texts, lists and objects, with their order.
//!
//! Numbers and booleans become texts, since a setting is read the same wherever it was written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::config::invalid;
use crate::error::Error;

/// Names and values, each name once.
pub(super) type Fields = Vec<(String, Value)>;

/// What a field holds.
pub(super) enum Value {
    Nothing,
    Text(String),
    List(Vec<String>),
    Object(Fields),
}

/// Reads an object.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
    deserializer.deserialize_map(ObjectVisitor)
}

/// One text. Nothing where the field is null.
pub(super) fn text(value: Value, shown: &str) -> Result<Option<String>, Error> {
    match value {
        Value::Nothing => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        Value::List(_) => Err(invalid(format!("{shown} is a list; write one value"))),
        Value::Object(_) => Err(invalid(format!("{shown} is an object; write one value"))),
    }
}

/// A list, or one text for a list of one.
pub(super) fn list(value: Value, shown: &str) -> Result<Option<Vec<String>>, Error> {
    match value {
        Value::List(list) => Ok(Some(list)),
        value => Ok(text(value, shown)?.map(|text| vec![text])),
    }
}

/// An object, empty where the field is null. Messages call it `path`.
pub(super) fn object(value: Value, path: &str) -> Result<Fields, Error> {
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Nothing => Ok(Vec::new()),
        _ => Err(invalid(format!("`{path}` is no object; write one with the settings in it"))),
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.iter().any(|(given, _)| *given == name) {
                let message = format!("`{name}` is given twice; keep one");
                return Err(A::Error::custom(invalid(message)));
            }
            fields.push((name, value));
        }
        Ok(fields)
    }
}

struct ValueVisitor;

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a setting")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(text) = seq.next_element::<String>()? {
            list.push(text);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        ObjectVisitor.visit_map(map).map(Value::Object)
    }
}
