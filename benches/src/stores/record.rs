//! The value: a record of ten fields, one of them a list of twenty. About 2 kB of JSON.

use serde::{Deserialize, Serialize};

/// A customer.
#[allow(missing_docs, reason = "names say it")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: u64,
    pub name: String,
    pub email: String,
    pub street: String,
    pub city: String,
    pub country: String,
    pub is_active: bool,
    pub balance: f64,
    pub since_ms: u64,
    pub orders: Vec<Order>,
}

/// What a customer has ordered.
#[allow(missing_docs, reason = "names say it")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub number: u64,
    pub article: String,
    pub pieces: u32,
    pub price: f64,
    pub is_paid: bool,
}

impl Record {
    /// The customer of a number.
    #[must_use]
    pub fn of(id: u64) -> Self {
        let order = |number: u32| Order {
            number: id * 1_000 + u64::from(number),
            article: format!("Article {number:05}-{id:04}"),
            pieces: number % 7 + 1,
            price: f64::from(number) * 3.97 + 0.01,
            is_paid: number.is_multiple_of(3),
        };
        Self {
            id,
            name: format!("Customer Number {id}"),
            email: format!("customer.{id}@example.org"),
            street: format!("{id} Long Street With Trees"),
            city: "Thessaloniki".into(),
            country: "Greece".into(),
            is_active: true,
            balance: 1_234.56,
            since_ms: 1_700_000_000_000 + id,
            orders: (0..20).map(order).collect(),
        }
    }

    /// As the bare clients keep it.
    ///
    /// # Panics
    /// Never: it has nothing that JSON cannot say.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record is JSON")
    }

    /// The record of some JSON.
    ///
    /// # Panics
    /// Where that is no record.
    #[must_use]
    pub fn from_json(json: &[u8]) -> Self {
        serde_json::from_slice(json).expect("JSON of a record")
    }
}
