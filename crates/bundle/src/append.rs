//! Records into columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Float32Builder, Float64Builder, Int32Builder, StringBuilder, UInt8Builder,
    UInt32Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::error::Misfit;
use crate::shape::{Field, Shape, arrow_fields, entry_fields};

/// One column that grows by a value at a time. After a misfit its parts differ in length: it is of no more use.
pub(crate) enum Column {
    Bool(BooleanBuilder),
    U8(UInt8Builder),
    U32(UInt32Builder),
    U64(UInt64Builder),
    F32(Float32Builder),
    F64(Float64Builder),
    Token(Int32Builder),
    Text(StringBuilder),
    Json(StringBuilder),
    Base64(BinaryBuilder),
    List { item: Box<Column>, shape: Shape, lengths: Vec<usize>, valid: Vec<bool> },
    Map { keys: StringBuilder, values: Box<Column>, shape: Shape, lengths: Vec<usize>, valid: Vec<bool> },
    Struct { columns: Vec<Column>, fields: Vec<Field>, valid: Vec<bool> },
}

impl Column {
    pub(crate) fn new(shape: &Shape) -> Self {
        match shape {
            Shape::Bool => Self::Bool(BooleanBuilder::new()),
            Shape::U8 => Self::U8(UInt8Builder::new()),
            Shape::U32 => Self::U32(UInt32Builder::new()),
            Shape::U64 => Self::U64(UInt64Builder::new()),
            Shape::F32 => Self::F32(Float32Builder::new()),
            Shape::F64 => Self::F64(Float64Builder::new()),
            Shape::Token => Self::Token(Int32Builder::new()),
            Shape::Text => Self::Text(StringBuilder::new()),
            Shape::Json => Self::Json(StringBuilder::new()),
            Shape::Base64 => Self::Base64(BinaryBuilder::new()),
            Shape::List(item) => Self::List {
                item: Box::new(Self::new(item)),
                shape: shape.clone(),
                lengths: Vec::new(),
                valid: Vec::new(),
            },
            Shape::Map(item) => Self::Map {
                keys: StringBuilder::new(),
                values: Box::new(Self::new(item)),
                shape: (**item).clone(),
                lengths: Vec::new(),
                valid: Vec::new(),
            },
            Shape::Struct(fields) => Self::Struct {
                columns: fields.iter().map(|field| Self::new(&field.shape)).collect(),
                fields: fields.clone(),
                valid: Vec::new(),
            },
        }
    }

    pub(crate) fn append(&mut self, value: &Value) -> Result<(), Misfit> {
        match self {
            Self::Bool(column) => column.append_value(fits(value.as_bool(), "no bool")?),
            Self::U8(column) => column.append_value(integer(value)?),
            Self::U32(column) => column.append_value(integer(value)?),
            Self::U64(column) => column.append_value(integer(value)?),
            Self::Token(column) => column.append_value(integer(value)?),
            // what came from an f32 is one again: to f64 and back is exact
            Self::F32(column) => column.append_value(fits(value.as_f64(), "no finite number")? as f32),
            Self::F64(column) => column.append_value(fits(value.as_f64(), "no finite number")?),
            Self::Text(column) => column.append_value(fits(value.as_str(), "no text")?),
            Self::Json(column) => column.append_value(value.to_string()),
            Self::Base64(column) => {
                let bytes = BASE64.decode(fits(value.as_str(), "no text")?);
                column.append_value(bytes.map_err(|error| Misfit::new(format!("no base64: {error}")))?);
            }
            Self::List { item, lengths, valid, .. } => {
                let items = fits(value.as_array(), "no list")?;
                items.iter().try_for_each(|value| item.append(value))?;
                lengths.push(items.len());
                valid.push(true);
            }
            Self::Map { keys, values, lengths, valid, .. } => {
                let entries = fits(value.as_object(), "no object")?;
                // in byte order of the names, as the record itself keeps them
                for (key, value) in entries.iter().collect::<BTreeMap<_, _>>() {
                    keys.append_value(key);
                    values.append(value)?;
                }
                lengths.push(entries.len());
                valid.push(true);
            }
            Self::Struct { columns, fields, valid } => {
                append_members(columns, fields, value)?;
                valid.push(true);
            }
        }
        Ok(())
    }

    fn append_null(&mut self) {
        match self {
            Self::Bool(column) => column.append_null(),
            Self::U8(column) => column.append_null(),
            Self::U32(column) => column.append_null(),
            Self::U64(column) => column.append_null(),
            Self::Token(column) => column.append_null(),
            Self::F32(column) => column.append_null(),
            Self::F64(column) => column.append_null(),
            Self::Text(column) | Self::Json(column) => column.append_null(),
            Self::Base64(column) => column.append_null(),
            Self::List { lengths, valid, .. } | Self::Map { lengths, valid, .. } => {
                lengths.push(0);
                valid.push(false);
            }
            Self::Struct { columns, valid, .. } => {
                columns.iter_mut().for_each(Self::append_null);
                valid.push(false);
            }
        }
    }

    /// What was appended since the last time.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Bool(column) => Arc::new(column.finish()),
            Self::U8(column) => Arc::new(column.finish()),
            Self::U32(column) => Arc::new(column.finish()),
            Self::U64(column) => Arc::new(column.finish()),
            Self::Token(column) => Arc::new(column.finish()),
            Self::F32(column) => Arc::new(column.finish()),
            Self::F64(column) => Arc::new(column.finish()),
            Self::Text(column) | Self::Json(column) => Arc::new(column.finish()),
            Self::Base64(column) => Arc::new(column.finish()),
            Self::List { item, shape, lengths, valid } => {
                let (offsets, nulls) = parts(lengths, valid);
                let DataType::List(field) = shape.data_type() else { unreachable!("the shape of a list") };
                Arc::new(ListArray::try_new(field, offsets, item.finish()?, nulls)?)
            }
            Self::Map { keys, values, shape, lengths, valid } => {
                let (offsets, nulls) = parts(lengths, valid);
                let fields = entry_fields(shape);
                let entries =
                    StructArray::try_new(fields, vec![Arc::new(keys.finish()), values.finish()?], None)?;
                let DataType::Map(field, sorted) = Shape::Map(Box::new(shape.clone())).data_type() else {
                    unreachable!("the shape of a map")
                };
                Arc::new(MapArray::try_new(field, offsets, entries, nulls, sorted)?)
            }
            Self::Struct { columns, fields, valid } => {
                let arrays = columns.iter_mut().map(Self::finish).collect::<Result<_, _>>()?;
                let nulls = NullBuffer::from(std::mem::take(valid));
                Arc::new(StructArray::try_new(arrow_fields(fields), arrays, Some(nulls))?)
            }
        })
    }
}

fn parts(lengths: &mut Vec<usize>, valid: &mut Vec<bool>) -> (OffsetBuffer<i32>, Option<NullBuffer>) {
    let offsets = OffsetBuffer::from_lengths(std::mem::take(lengths));
    (offsets, Some(NullBuffer::from(std::mem::take(valid))))
}

fn append_members(columns: &mut [Column], fields: &[Field], value: &Value) -> Result<(), Misfit> {
    let members = fits(value.as_object(), "no object")?;
    for (column, field) in columns.iter_mut().zip(fields) {
        match members.get(&field.name) {
            None | Some(Value::Null) if field.nullable => column.append_null(),
            Some(value) => column.append(value).map_err(|misfit| misfit.inside(&field.name))?,
            None => return Err(Misfit::new("is missing").inside(&field.name)),
        }
    }
    match members.keys().find(|name| !fields.iter().any(|field| field.name == **name)) {
        Some(unknown) => Err(Misfit::new("has no column").inside(unknown)),
        None => Ok(()),
    }
}

fn fits<T>(value: Option<T>, problem: &str) -> Result<T, Misfit> {
    value.ok_or_else(|| Misfit::new(problem))
}

fn integer<T: TryFrom<u64>>(value: &Value) -> Result<T, Misfit> {
    fits(value.as_u64().and_then(|number| T::try_from(number).ok()), "no integer of the column's size")
}
