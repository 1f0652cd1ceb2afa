//! The shape of a record, and the columns it has in Arrow. Taken from the Rust type by `trace`, not written down twice.

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field as ArrowField, Fields, Schema};

use crate::parts::Parts;
use crate::sample;
use crate::trace;

/// What a value is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Bool,
    U8,
    U32,
    U64,
    F32,
    F64,
    Text,
    /// A number in a list: `int32`, which every tensor library indexes with.
    Token,
    /// Text in the record, the bytes themselves in a column.
    Base64,
    /// Any JSON in the record, its text in a column.
    Json,
    List(Box<Shape>),
    Map(Box<Shape>),
    Struct(Vec<Field>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) nullable: bool,
}

/// Fields that are held in another way than their type says.
pub(crate) const OVERRIDES: &[(&str, Shape)] =
    &[("proof.records", Shape::Base64), ("reward_receipt.receipt", Shape::Json)];

static RECORD: LazyLock<Shape> =
    LazyLock::new(|| trace::shape(&sample::fullest(), OVERRIDES).expect("a record is plain data"));

/// The shape of [`protocol::rollout::RolloutRecord`].
pub(crate) fn record() -> &'static Shape {
    &RECORD
}

impl Shape {
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::U8 => DataType::UInt8,
            Self::U32 => DataType::UInt32,
            Self::U64 => DataType::UInt64,
            Self::F32 => DataType::Float32,
            Self::F64 => DataType::Float64,
            Self::Text | Self::Json => DataType::Utf8,
            Self::Token => DataType::Int32,
            Self::Base64 => DataType::Binary,
            Self::List(item) => DataType::List(Arc::new(ArrowField::new("element", item.data_type(), false))),
            Self::Map(item) => {
                let entries = DataType::Struct(entry_fields(item));
                DataType::Map(Arc::new(ArrowField::new("key_value", entries, false)), false)
            }
            Self::Struct(fields) => DataType::Struct(arrow_fields(fields)),
        }
    }

    /// The fields of a struct, none for anything else.
    pub(crate) fn fields(&self) -> &[Field] {
        match self {
            Self::Struct(fields) => fields,
            _ => &[],
        }
    }
}

pub(crate) fn arrow_fields(fields: &[Field]) -> Fields {
    let arrow = |field: &Field| ArrowField::new(&field.name, field.shape.data_type(), field.nullable);
    fields.iter().map(arrow).collect()
}

pub(crate) fn entry_fields(item: &Shape) -> Fields {
    let key = ArrowField::new("key", DataType::Utf8, false);
    [key, ArrowField::new("value", item.data_type(), false)].into_iter().collect()
}

/// The shape of a record of which only these parts are kept.
pub(crate) fn record_with(parts: Parts) -> Shape {
    Shape::Struct(record().fields().iter().filter(|field| parts.keeps(&field.name)).cloned().collect())
}

/// The columns that rows of this shape have.
pub(crate) fn schema_of(shape: &Shape) -> Schema {
    Schema::new(arrow_fields(shape.fields()))
}
