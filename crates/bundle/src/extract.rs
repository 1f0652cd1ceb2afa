//! Columns into records: row by row, each within a budget of bytes.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, UInt8Type, UInt32Type, UInt64Type};
use arrow_array::{Array, StructArray};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Number, Value};

use crate::error::Misfit;
use crate::shape::{Field, Shape};

/// What one value costs beside its text.
const VALUE_BYTES: usize = 8;

/// What may still be read for one record: views and runs let a small file stand for much.
#[derive(Debug)]
pub(crate) struct Budget(pub(crate) usize);

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), Misfit> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| Misfit::new("the record is too long"))?;
        Ok(())
    }
}

/// Row `row` of a struct column whose type was checked against `fields`. A null is left out: so it is absent in the JSON
/// of a field that may be absent, and `None` in any other.
pub(crate) fn members(
    fields: &[Field],
    array: &StructArray,
    row: usize,
    budget: &mut Budget,
) -> Result<Value, Misfit> {
    let mut members = Map::new();
    for field in fields {
        // an optional column may be missing: the file is from before there was one
        let Some(column) = array.column_by_name(&field.name) else { continue };
        if column.is_null(row) {
            if field.nullable {
                continue;
            }
            return Err(Misfit::new("is null").inside(&field.name));
        }
        let value = value(&field.shape, column, row, budget);
        members.insert(field.name.clone(), value.map_err(|misfit| misfit.inside(&field.name))?);
    }
    Ok(Value::Object(members))
}

fn value(shape: &Shape, array: &dyn Array, row: usize, budget: &mut Budget) -> Result<Value, Misfit> {
    budget.spend(VALUE_BYTES)?;
    if array.is_null(row) {
        return Err(Misfit::new("is null"));
    }
    Ok(match shape {
        Shape::Bool => array.as_boolean().value(row).into(),
        Shape::U8 => array.as_primitive::<UInt8Type>().value(row).into(),
        Shape::U32 => array.as_primitive::<UInt32Type>().value(row).into(),
        Shape::U64 => array.as_primitive::<UInt64Type>().value(row).into(),
        Shape::Token => {
            let token = u32::try_from(array.as_primitive::<Int32Type>().value(row));
            token.map_err(|_| Misfit::new("is negative"))?.into()
        }
        Shape::F32 => float(array.as_primitive::<Float32Type>().value(row).into())?,
        Shape::F64 => float(array.as_primitive::<Float64Type>().value(row))?,
        Shape::Text => text(array, row, budget)?.into(),
        Shape::Json => {
            let text = text(array, row, budget)?;
            serde_json::from_str(text).map_err(|error| Misfit::new(format!("no JSON: {error}")))?
        }
        Shape::Base64 => {
            let bytes = array.as_binary_view().value(row);
            budget.spend(bytes.len())?;
            BASE64.encode(bytes).into()
        }
        Shape::List(item) => {
            let items = array.as_list::<i32>();
            let (from, to) = (items.value_offsets()[row], items.value_offsets()[row + 1]);
            let items = items.values();
            let values = (from..to).map(|at| value(item, items, at as usize, budget));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        Shape::Map(item) => {
            let entries = array.as_map();
            let (from, to) = (entries.value_offsets()[row], entries.value_offsets()[row + 1]);
            let (keys, values) = (entries.keys(), entries.values());
            let mut object = Map::new();
            for at in from as usize..to as usize {
                let key = text(keys, at, budget)?.to_owned();
                if object.insert(key, value(item, values, at, budget)?).is_some() {
                    return Err(Misfit::new("names an entry twice"));
                }
            }
            Value::Object(object)
        }
        Shape::Struct(fields) => members(fields, array.as_struct(), row, budget)?,
    })
}

fn text<'a>(array: &'a dyn Array, row: usize, budget: &mut Budget) -> Result<&'a str, Misfit> {
    let text = array.as_string_view().value(row);
    budget.spend(text.len())?;
    Ok(text)
}

fn float(value: f64) -> Result<Value, Misfit> {
    Number::from_f64(value).map(Value::Number).ok_or_else(|| Misfit::new("is not finite"))
}
