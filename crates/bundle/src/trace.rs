//! Finds the shape of a type by serialising one value of it: what JSON forgets (32 or 64 bits, byte or word) is still
//! said here. The value must be a full one; nothing can be learned from an empty list.

use std::fmt;

use serde::ser::{
    self, Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer,
};

use crate::shape::{Field, Shape};

/// The shape of the type of `value`; `overrides` wins over the type at its paths.
pub(crate) fn shape<T: Serialize>(value: &T, overrides: &[(&str, Shape)]) -> Result<Shape, Untraceable> {
    value.serialize(Tracer { path: String::new(), overrides }).map(|traced| traced.shape)
}

/// A type that has no columns.
#[derive(Debug)]
pub(crate) struct Untraceable(String);

impl fmt::Display for Untraceable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Untraceable {}

impl ser::Error for Untraceable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Traced {
    shape: Shape,
    nullable: bool,
}

impl Traced {
    fn always(shape: Shape) -> Self {
        Self { shape, nullable: false }
    }
}

struct Tracer<'a> {
    path: String,
    overrides: &'a [(&'a str, Shape)],
}

impl Tracer<'_> {
    fn of<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<Traced, Untraceable> {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        if let Some((_, shape)) = self.overrides.iter().find(|(known, _)| *known == path) {
            return Ok(Traced::always(shape.clone()));
        }
        value.serialize(Self { path, overrides: self.overrides })
    }

    fn refused<T>(&self, what: &str) -> Result<T, Untraceable> {
        Err(Untraceable(format!("{}: {what}", self.path)))
    }
}

macro_rules! scalars {
    ($($method:ident($type:ty) => $shape:ident),* $(,)?) => {
        $(fn $method(self, _: $type) -> Result<Traced, Untraceable> {
            Ok(Traced::always(Shape::$shape))
        })*
    };
}

macro_rules! refused {
    ($($method:ident($type:ty)),* $(,)?) => {
        $(fn $method(self, _: $type) -> Result<Traced, Untraceable> {
            self.refused(stringify!($type))
        })*
    };
}

impl<'a> Serializer for Tracer<'a> {
    type Ok = Traced;
    type Error = Untraceable;
    type SerializeSeq = Items<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeTuple = Impossible<Traced, Untraceable>;
    type SerializeTupleStruct = Impossible<Traced, Untraceable>;
    type SerializeTupleVariant = Impossible<Traced, Untraceable>;
    type SerializeStructVariant = Impossible<Traced, Untraceable>;

    scalars! {
        serialize_bool(bool) => Bool,
        serialize_u8(u8) => U8,
        serialize_u32(u32) => U32,
        serialize_u64(u64) => U64,
        serialize_f32(f32) => F32,
        serialize_f64(f64) => F64,
        serialize_str(&str) => Text,
    }
    refused! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_u16(u16),
        serialize_char(char), serialize_bytes(&[u8]), serialize_unit_struct(&'static str),
    }

    fn serialize_unit(self) -> Result<Traced, Untraceable> {
        self.refused("nothing")
    }

    fn serialize_none(self) -> Result<Traced, Untraceable> {
        self.refused("a missing value")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Traced, Untraceable> {
        Ok(Traced { nullable: true, ..value.serialize(self)? })
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<Traced, Untraceable> {
        Ok(Traced::always(Shape::Text))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Traced, Untraceable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Traced, Untraceable> {
        self.refused("an enum with content")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Untraceable> {
        Ok(Items { tracer: self, item: None })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, Untraceable> {
        Ok(Entries { tracer: self, value: None })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, Untraceable> {
        Ok(Members { tracer: self, fields: Vec::new() })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Untraceable> {
        self.refused("a tuple")
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Untraceable> {
        self.refused("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Untraceable> {
        self.refused("an enum with content")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Untraceable> {
        self.refused("an enum with content")
    }
}

struct Items<'a> {
    tracer: Tracer<'a>,
    item: Option<Shape>,
}

impl SerializeSeq for Items<'_> {
    type Ok = Traced;
    type Error = Untraceable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Untraceable> {
        let traced = self.tracer.of("element", value)?;
        self.item = Some(if traced.shape == Shape::U32 { Shape::Token } else { traced.shape });
        Ok(())
    }

    fn end(self) -> Result<Traced, Untraceable> {
        match self.item {
            Some(item) => Ok(Traced::always(Shape::List(Box::new(item)))),
            None => self.tracer.refused("an empty list"),
        }
    }
}

struct Entries<'a> {
    tracer: Tracer<'a>,
    value: Option<Shape>,
}

impl SerializeMap for Entries<'_> {
    type Ok = Traced;
    type Error = Untraceable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Untraceable> {
        match self.tracer.of("key", key)?.shape {
            Shape::Text => Ok(()),
            _ => Err(Untraceable::custom("keys are text")),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Untraceable> {
        self.value = Some(self.tracer.of("value", value)?.shape);
        Ok(())
    }

    fn end(self) -> Result<Traced, Untraceable> {
        match self.value {
            Some(value) => Ok(Traced::always(Shape::Map(Box::new(value)))),
            None => self.tracer.refused("an empty map"),
        }
    }
}

struct Members<'a> {
    tracer: Tracer<'a>,
    fields: Vec<Field>,
}

impl SerializeStruct for Members<'_> {
    type Ok = Traced;
    type Error = Untraceable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Untraceable> {
        let Traced { shape, nullable } = self.tracer.of(name, value)?;
        self.fields.push(Field { name: name.to_owned(), shape, nullable });
        Ok(())
    }

    fn end(self) -> Result<Traced, Untraceable> {
        Ok(Traced::always(Shape::Struct(self.fields)))
    }
}
