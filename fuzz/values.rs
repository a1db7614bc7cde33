//! The values that codecs and keys are tried with: one of everything that serde knows.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use arbitrary::Arbitrary;
use serde::{Deserialize, Serialize};

#[derive(Arbitrary, Debug, Serialize, Deserialize)]
pub struct Record {
    pub small: (u8, i8, i16, bool, char),
    pub large: (u64, i64, u128, i128),
    pub floats: (f32, f64),
    pub text: String,
    pub options: Option<Option<Option<()>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sparse: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<u8>,
    pub lists: Vec<Vec<String>>,
    pub map: BTreeMap<String, Option<u16>>,
    pub numbers: BTreeMap<i32, Nothing>,
    pub nodes: Vec<Node>,
    pub tagged: Option<Tagged>,
    pub standard: (Duration, IpAddr, Result<u8, String>),
}

#[derive(Arbitrary, Debug, Serialize, Deserialize)]
pub struct Nothing;

#[derive(Arbitrary, Debug, Serialize, Deserialize)]
pub struct Wrapped<T>(pub T);

#[derive(Arbitrary, Debug, Serialize, Deserialize)]
pub enum Node {
    Leaf,
    One(Box<Node>),
    Two(Wrapped<u8>, Box<Node>),
    Named { left: Option<Box<Node>>, right: Vec<Node> },
    Empty {},
}

#[derive(Arbitrary, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Tagged {
    Empty,
    Text { text: Option<String> },
    Node(Wrapper),
}

#[derive(Arbitrary, Debug, Serialize, Deserialize)]
pub struct Wrapper {
    pub node: Node,
}

/// Keys may be of types that tell their variants by what is in them.
#[derive(Arbitrary, Debug, Serialize)]
pub enum Part {
    Record(Box<Record>),
    Loose(Vec<Loose>),
    Pair(String, Option<String>),
    Nested(Wrapped<Box<Part>>, Loose),
}

#[derive(Arbitrary, Debug, Serialize)]
#[serde(untagged)]
pub enum Loose {
    Nothing,
    Truth(bool),
    Number(i64),
    Float(f64),
    Text(String),
    Maybe(Option<u8>),
    List(Vec<String>),
    Map(BTreeMap<String, i8>),
    Fixed([u8; 2]),
}
