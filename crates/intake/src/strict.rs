//! JSON in which an object is an object. serde also reads a struct from a list of its fields in their order, which nothing
//! of the document says: `"filter": [null, null]` would be a filter. Here it is a fault, with its place. And a whole number
//! is one however it is written: `8.0` is 8, as JSON Schema has it.
//!
//! It goes around a deserializer, and with every reader it hands out around those that are inside.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

/// A deserializer, or what comes out of one, that is strict.
pub(crate) struct Strict<T>(pub(crate) T);

/// A visitor whose insides are strict; where a struct is to be read, it takes no list.
struct Guest<V> {
    visitor: V,
    wanted: Wanted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    Struct,
    Integer,
}

/// Up to here every whole number has a `f64` of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<V> Guest<V> {
    fn any(visitor: V) -> Self {
        Self { visitor, wanted: Wanted::Any }
    }

    fn integer(visitor: V) -> Self {
        Self { visitor, wanted: Wanted::Integer }
    }

    fn object(visitor: V) -> Self {
        Self { visitor, wanted: Wanted::Struct }
    }
}

macro_rules! plain {
    ($($name:ident)*) => { $(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name(visitor)
        }
    )* };
}

macro_rules! integers {
    ($($name:ident)*) => { $(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name(Guest::integer(visitor))
        }
    )* };
}

macro_rules! nested {
    ($($name:ident($($argument:ident: $kind:ty),*))*) => { $(
        fn $name<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name($($argument,)* Guest::any(visitor))
        }
    )* };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    plain! {
        deserialize_bool deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    nested! {
        deserialize_any() deserialize_option() deserialize_seq() deserialize_map()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Guest::object(visitor))
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visits {
    ($($name:ident: $kind:ty)*) => { $(
        fn $name<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.visitor.$name(value)
        }
    )* };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Guest<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // serde would say how the struct is called in this code
        if self.wanted == Wanted::Struct { f.write_str("an object") } else { self.visitor.expecting(f) }
    }

    visits! {
        visit_bool: bool visit_i8: i8 visit_i16: i16 visit_i32: i32 visit_i64: i64 visit_i128: i128
        visit_u8: u8 visit_u16: u16 visit_u32: u32 visit_u64: u64 visit_u128: u128 visit_f32: f32
        visit_char: char visit_str: &str visit_borrowed_str: &'de str visit_string: String
        visit_bytes: &[u8] visit_borrowed_bytes: &'de [u8] visit_byte_buf: Vec<u8>
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if self.wanted == Wanted::Integer && value.fract() == 0.0 && value.abs() <= EXACT {
            return self.visitor.visit_i64(value as i64);
        }
        self.visitor.visit_f64(value)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Strict(inner))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Strict(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        if self.wanted == Wanted::Struct {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.visitor.visit_seq(Strict(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Strict(members))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, choice: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Strict(choice))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(inner))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(Strict(seed))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        self.0.variant_seed(Strict(seed)).map(|(value, variant)| (value, Strict(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.newtype_variant_seed(Strict(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Guest::any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Guest::object(visitor))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: Option<i64>,
        y: Option<i64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Dot,
        Line { from: Point },
        Pair(i64, i64),
        Named(Point),
    }

    #[derive(Debug, Deserialize)]
    struct All {
        point: Option<Point>,
        points: Vec<Point>,
        named: BTreeMap<String, Point>,
        shapes: Vec<Shape>,
        raw: Box<RawValue>,
        pair: (i64, String),
        any: serde_json::Value,
    }

    fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
        let mut json = serde_json::Deserializer::from_str(text);
        T::deserialize(Strict(&mut json)).map_err(|error| error.to_string())
    }

    fn text(point: &str) -> String {
        format!(
            r#"{{"point":{point},"points":[{point}],"named":{{"a":{point}}},
                "shapes":["dot",{{"line":{{"from":{point}}}}},{{"pair":[1,2]}},{{"named":{point}}}],
                "raw":[ 1.50, {{"a":[]}} ],"pair":[1,"b"],"any":[[1],{{"a":[2]}}]}}"#
        )
    }

    #[test]
    fn what_is_meant_is_read_as_before() {
        let text = text(r#"{"x":1,"y":null}"#);
        let all: All = read(&text).unwrap();
        let point = || Point { x: Some(1), y: None };
        assert_eq!((all.point, all.points, &all.named["a"]), (Some(point()), vec![point()], &point()));
        assert!(matches!(&all.shapes[..],
            [Shape::Dot, Shape::Line { from }, Shape::Pair(1, 2), Shape::Named(named)]
                if *from == point() && *named == point()));
        assert_eq!(all.raw.get(), r#"[ 1.50, {"a":[]} ]"#);
        assert_eq!((all.pair, all.any), ((1, "b".to_owned()), serde_json::json!([[1], { "a": [2] }])));
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let point: Point = read(r#"{"x":8.0,"y":-3e2}"#).unwrap();
        assert_eq!(point, Point { x: Some(8), y: Some(-300) });
        assert_eq!(read::<Vec<u8>>("[1.0,255.0]").unwrap(), [1, 255]);
        for bad in ["[1.5]", "[256.0]", "[-1.0]", "[1e300]"] {
            assert!(read::<Vec<u8>>(bad).is_err(), "{bad}");
        }
        // where both are meant, nothing is changed
        assert_eq!(read::<serde_json::Value>("8.0").unwrap().to_string(), "8.0");
    }

    #[test]
    fn a_list_is_no_object_wherever_it_stands() {
        let lax: Point = serde_json::from_str("[1,null]").unwrap();
        assert_eq!(lax, Point { x: Some(1), y: None }, "serde alone takes it");
        assert_eq!(
            read::<Point>("[1,null]").unwrap_err(),
            "invalid type: sequence, expected an object at line 1 column 1"
        );
        for (at, fine) in text("@").match_indices('@') {
            let mut bad = text("@");
            bad.replace_range(at..at + fine.len(), "[1,null]");
            let error = read::<All>(&bad.replace('@', "{}")).unwrap_err();
            assert!(error.contains("sequence, expected an object"), "{bad}: {error}");
        }
        assert!(read::<Shape>(r#"{"line":[{}]}"#).unwrap_err().contains("expected an object"));
        assert!(read::<Point>("3").unwrap_err().contains("integer `3`, expected an object"));
    }
}
