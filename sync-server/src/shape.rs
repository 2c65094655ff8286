//! What a message looks like, learnt from its own reader, so that the API's description follows from the types.
//!
//! A reader says what it wants: a map with these fields, one of these words, some bytes. The one here answers each
//! question with something that fits and remembers it. The message is read again and again until every variant was
//! chosen once and every field was left out once, which tells the needed ones.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Value, json};
use std::cell::Cell;
use std::fmt;

/// Readings before a message is given up; the largest of ours takes some hundreds.
const READINGS: usize = 10_000;

/// Lengths offered to a reader of bytes, one a reading. Whoever takes the first takes any.
const LENGTHS: [usize; 7] = [5, 16, 32, 64, 24, 12, 104];

/// The description of a message as a JSON schema; none of one that reads in a way this does not know.
pub(crate) fn of<T: DeserializeOwned>() -> Option<Value> {
    let mut shape = Shape::Unknown;
    read_until::<T>(&mut shape, Aim::Known)?;
    read_until::<T>(&mut shape, Aim::Needed)?;
    Some(shape.schema())
}

fn read_until<T: DeserializeOwned>(shape: &mut Shape, aim: Aim) -> Option<()> {
    for _ in 0..READINGS {
        if shape.is_settled(aim) {
            return Some(());
        }
        let reading = Reading {
            aim,
            is_without_one: Cell::new(false),
        };
        let read = T::deserialize(Probe {
            shape,
            reading: &reading,
        });
        if let Some(field) = shape.left_out() {
            field.needed = if read.is_ok() {
                Needed::No
            } else {
                Needed::Yes
            };
        }
    }
    None
}

/// What a reading is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// To see every part once.
    Known,
    /// To see what may be left out.
    Needed,
}

/// One reading of the message.
struct Reading {
    aim: Aim,
    /// A field was left out; never two at once, or neither would be told.
    is_without_one: Cell<bool>,
}

#[derive(Debug, Default)]
enum Shape {
    #[default]
    Unknown,
    Anything,
    Nothing,
    Truth,
    Integer {
        least: i64,
        most: u64,
    },
    Number,
    Text,
    Bytes {
        offered: usize,
        taken: bool,
    },
    Maybe(Box<Shape>),
    List(Box<Shape>),
    Row(Vec<Shape>),
    Dictionary(Box<Shape>, Box<Shape>),
    Record(Vec<Field>),
    Choice(Vec<Variant>),
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    shape: Shape,
    needed: Needed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needed {
    NotAsked,
    Asking,
    Yes,
    No,
}

#[derive(Debug)]
struct Variant {
    name: &'static str,
    /// Nothing for a bare word.
    content: Shape,
}

impl Shape {
    fn is_settled(&self, aim: Aim) -> bool {
        match self {
            Shape::Unknown => false,
            Shape::Bytes { taken, .. } => *taken,
            Shape::Maybe(inner) | Shape::List(inner) => inner.is_settled(aim),
            Shape::Row(parts) => parts.iter().all(|part| part.is_settled(aim)),
            Shape::Dictionary(key, value) => key.is_settled(aim) && value.is_settled(aim),
            Shape::Record(fields) => fields.iter().all(|field| {
                field.shape.is_settled(aim)
                    && (aim == Aim::Known || field.needed != Needed::NotAsked)
            }),
            Shape::Choice(variants) => variants.iter().all(|one| one.content.is_settled(aim)),
            Shape::Anything
            | Shape::Nothing
            | Shape::Truth
            | Shape::Integer { .. }
            | Shape::Number
            | Shape::Text => true,
        }
    }

    /// The field this reading was without.
    fn left_out(&mut self) -> Option<&mut Field> {
        match self {
            Shape::Maybe(inner) | Shape::List(inner) => inner.left_out(),
            Shape::Row(parts) => parts.iter_mut().find_map(Shape::left_out),
            Shape::Dictionary(_, value) => value.left_out(),
            Shape::Record(fields) => fields.iter_mut().find_map(|field| {
                if field.needed == Needed::Asking {
                    Some(field)
                } else {
                    field.shape.left_out()
                }
            }),
            Shape::Choice(variants) => variants.iter_mut().find_map(|one| one.content.left_out()),
            _ => None,
        }
    }

    fn schema(&self) -> Value {
        match self {
            Shape::Unknown | Shape::Anything => json!({}),
            Shape::Nothing => json!({"type": "null"}),
            Shape::Truth => json!({"type": "boolean"}),
            Shape::Integer { least, most } => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Shape::Number => json!({"type": "number"}),
            Shape::Text => json!({"type": "string"}),
            Shape::Bytes { offered, .. } => bytes_schema(*offered),
            Shape::Maybe(inner) => json!({"anyOf": [inner.schema(), {"type": "null"}]}),
            Shape::List(inner) => json!({"type": "array", "items": inner.schema()}),
            Shape::Row(parts) => row_schema(parts),
            Shape::Dictionary(_, value) => {
                json!({"type": "object", "additionalProperties": value.schema()})
            }
            Shape::Record(fields) => record_schema(fields),
            Shape::Choice(variants) => choice_schema(variants),
        }
    }
}

/// Bytes are bytes in the message; a schema can only say so in digits.
fn bytes_schema(offered: usize) -> Value {
    let mut schema = json!({
        "type": "string",
        "contentEncoding": "base16",
        "pattern": "^([0-9a-f]{2})*$",
    });
    if offered > 0 {
        let length = LENGTHS[offered];
        schema["pattern"] = json!(format!("^[0-9a-f]{{{}}}$", 2 * length));
    }
    schema
}

/// Which part stands where is not said: programs that read descriptions do not agree on how.
fn row_schema(parts: &[Shape]) -> Value {
    let mut kinds: Vec<Value> = Vec::new();
    for part in parts.iter().map(Shape::schema) {
        if !kinds.contains(&part) {
            kinds.push(part);
        }
    }
    let items = match <[Value; 1]>::try_from(kinds) {
        Ok([only]) => only,
        Err(kinds) => json!({"anyOf": kinds}),
    };
    json!({"type": "array", "items": items, "minItems": parts.len(), "maxItems": parts.len()})
}

fn record_schema(fields: &[Field]) -> Value {
    let properties: serde_json::Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), field.shape.schema()))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.needed == Needed::Yes)
        .map(|field| field.name)
        .collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn choice_schema(variants: &[Variant]) -> Value {
    let is_word = |one: &&Variant| matches!(one.content, Shape::Nothing);
    let words: Vec<&str> = variants
        .iter()
        .filter(is_word)
        .map(|one| one.name)
        .collect();
    let mut ways: Vec<Value> = variants
        .iter()
        .filter(|one| !is_word(one))
        .map(|one| {
            json!({
                "type": "object",
                "properties": {one.name: one.content.schema()},
                "required": [one.name],
                "maxProperties": 1,
            })
        })
        .collect();
    if !words.is_empty() {
        ways.push(json!({"type": "string", "enum": words}));
    }
    match <[Value; 1]>::try_from(ways) {
        Ok([only]) => only,
        Err(ways) => json!({"anyOf": ways}),
    }
}

/// The reader asked something it must not, or did not want what it was given.
#[derive(Debug)]
struct Trouble;

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not this message")
    }
}

impl std::error::Error for Trouble {}

impl de::Error for Trouble {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Trouble
    }
}

/// One question of a reader.
struct Probe<'a> {
    shape: &'a mut Shape,
    reading: &'a Reading,
}

impl<'a> Probe<'a> {
    fn learn(self, told: impl FnOnce() -> Shape) -> (&'a mut Shape, &'a Reading) {
        if matches!(self.shape, Shape::Unknown) {
            *self.shape = told();
        }
        (self.shape, self.reading)
    }

    fn integer<'de, V: Visitor<'de>>(
        self,
        (least, most): (i64, u64),
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.learn(|| Shape::Integer { least, most });
        visitor.visit_u64(1)
    }

    fn bytes<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        let (shape, _) = self.learn(|| Shape::Bytes {
            offered: 0,
            taken: false,
        });
        let Shape::Bytes { offered, taken } = shape else {
            return Err(Trouble);
        };
        let length = LENGTHS.get(*offered).ok_or(Trouble)?;
        let read = visitor.visit_byte_buf(vec![0; *length]);
        if read.is_ok() {
            *taken = true;
        } else if !*taken {
            *offered += 1;
        }
        read
    }

    fn record<'de, V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        let fields = || {
            names.iter().map(|&name| Field {
                name,
                shape: Shape::Unknown,
                needed: Needed::NotAsked,
            })
        };
        match self.learn(|| Shape::Record(fields().collect())) {
            (Shape::Record(fields), reading) => visitor.visit_map(Entries {
                rest: fields.iter_mut(),
                next: None,
                reading,
            }),
            _ => Err(Trouble),
        }
    }

    fn row<'de, V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Trouble> {
        let parts = || (0..length).map(|_| Shape::Unknown).collect();
        match self.learn(|| Shape::Row(parts())) {
            (Shape::Row(parts), reading) => visitor.visit_seq(Items {
                rest: parts.iter_mut(),
                reading,
            }),
            _ => Err(Trouble),
        }
    }
}

/// Readers of plain values: what is learnt, and what they are given.
macro_rules! plain {
    ($($name:ident => $shape:expr, $visit:ident($($value:expr)?);)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
            self.learn(|| $shape);
            visitor.$visit($($value)?)
        })*
    };
}

macro_rules! integers {
    ($($name:ident => $least:expr, $most:expr;)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
            self.integer(($least, $most), visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Trouble;

    fn is_human_readable(&self) -> bool {
        false
    }

    plain! {
        deserialize_any => Shape::Anything, visit_unit();
        deserialize_ignored_any => Shape::Anything, visit_unit();
        deserialize_unit => Shape::Nothing, visit_unit();
        deserialize_bool => Shape::Truth, visit_bool(false);
        deserialize_f32 => Shape::Number, visit_f64(1.0);
        deserialize_f64 => Shape::Number, visit_f64(1.0);
        deserialize_char => Shape::Text, visit_char('x');
        deserialize_str => Shape::Text, visit_str("x");
        deserialize_string => Shape::Text, visit_str("x");
        deserialize_identifier => Shape::Text, visit_str("x");
    }

    integers! {
        deserialize_i8 => -0x80, 0x7f;
        deserialize_i16 => -0x8000, 0x7fff;
        deserialize_i32 => -0x8000_0000, 0x7fff_ffff;
        deserialize_i64 => i64::MIN, 0x7fff_ffff_ffff_ffff;
        deserialize_u8 => 0, 0xff;
        deserialize_u16 => 0, 0xffff;
        deserialize_u32 => 0, 0xffff_ffff;
        deserialize_u64 => 0, u64::MAX;
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        self.bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        self.bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self.learn(|| Shape::Maybe(Box::default())) {
            (Shape::Maybe(shape), reading) => visitor.visit_some(Probe { shape, reading }),
            _ => Err(Trouble),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self.learn(|| Shape::List(Box::default())) {
            (Shape::List(shape), reading) => visitor.visit_seq(Items {
                rest: std::slice::from_mut(&mut **shape).iter_mut(),
                reading,
            }),
            _ => Err(Trouble),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.row(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.row(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self.learn(|| Shape::Dictionary(Box::default(), Box::default())) {
            (Shape::Dictionary(key, value), reading) => visitor.visit_map(OneEntry {
                key: Some(key),
                value,
                reading,
            }),
            _ => Err(Trouble),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.record(names, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        let variants = || {
            names.iter().map(|&name| Variant {
                name,
                content: Shape::Unknown,
            })
        };
        let (Shape::Choice(variants), reading) = self.learn(|| Shape::Choice(variants().collect()))
        else {
            return Err(Trouble);
        };
        let next = variants
            .iter()
            .position(|one| !one.content.is_settled(reading.aim))
            .unwrap_or(0);
        let chosen = variants.get_mut(next).ok_or(Trouble)?;
        visitor.visit_enum(Chosen { chosen, reading })
    }
}

/// The fields of a record, but for the one that is left out in this reading.
struct Entries<'a> {
    rest: std::slice::IterMut<'a, Field>,
    next: Option<&'a mut Shape>,
    reading: &'a Reading,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Trouble;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Trouble> {
        let Some(mut field) = self.rest.next() else {
            return Ok(None);
        };
        // What is inside a field is asked before the field itself.
        if self.reading.aim == Aim::Needed
            && !self.reading.is_without_one.get()
            && field.needed == Needed::NotAsked
            && field.shape.is_settled(Aim::Needed)
        {
            self.reading.is_without_one.set(true);
            field.needed = Needed::Asking;
            match self.rest.next() {
                Some(following) => field = following,
                None => return Ok(None),
            }
        }
        let name: StrDeserializer<'_, Trouble> = field.name.into_deserializer();
        self.next = Some(&mut field.shape);
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Trouble> {
        let shape = self.next.take().ok_or(Trouble)?;
        let reading = self.reading;
        seed.deserialize(Probe { shape, reading })
    }
}

/// Some values, one after the other.
struct Items<'a> {
    rest: std::slice::IterMut<'a, Shape>,
    reading: &'a Reading,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Trouble;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Trouble> {
        let reading = self.reading;
        match self.rest.next() {
            Some(shape) => seed.deserialize(Probe { shape, reading }).map(Some),
            None => Ok(None),
        }
    }
}

/// A map with any keys, of one entry.
struct OneEntry<'a> {
    key: Option<&'a mut Shape>,
    value: &'a mut Shape,
    reading: &'a Reading,
}

impl<'de> MapAccess<'de> for OneEntry<'_> {
    type Error = Trouble;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Trouble> {
        let reading = self.reading;
        match self.key.take() {
            Some(shape) => seed.deserialize(Probe { shape, reading }).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Trouble> {
        let reading = self.reading;
        seed.deserialize(Probe {
            shape: self.value,
            reading,
        })
    }
}

/// The variant of this reading.
struct Chosen<'a> {
    chosen: &'a mut Variant,
    reading: &'a Reading,
}

impl<'a, 'de> EnumAccess<'de> for Chosen<'a> {
    type Error = Trouble;
    type Variant = Probe<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Trouble> {
        let name: StrDeserializer<'_, Trouble> = self.chosen.name.into_deserializer();
        let content = Probe {
            shape: &mut self.chosen.content,
            reading: self.reading,
        };
        Ok((seed.deserialize(name)?, content))
    }
}

impl<'de> VariantAccess<'de> for Probe<'_> {
    type Error = Trouble;

    fn unit_variant(self) -> Result<(), Trouble> {
        self.learn(|| Shape::Nothing);
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Trouble> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.row(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        self.record(names, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only its reader is looked at")]
    enum Way {
        OnFoot,
        By { vehicle: String, seats: Option<u8> },
        With(ids::StaffId),
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its reader is looked at")]
    struct Journey {
        ways: Vec<Way>,
        #[serde(default)]
        paid: bool,
        #[serde(with = "serde_bytes")]
        ticket: Vec<u8>,
        day: i64,
        at: (u16, f64),
    }

    #[test]
    fn a_message_is_described_by_its_reader() {
        let bytes =
            json!({"type": "string", "contentEncoding": "base16", "pattern": "^([0-9a-f]{2})*$"});
        let sixteen =
            json!({"type": "string", "contentEncoding": "base16", "pattern": "^[0-9a-f]{32}$"});
        let way = json!({"anyOf": [
            {"type": "object", "required": ["by"], "maxProperties": 1, "properties": {"by": {
                "type": "object",
                "required": ["vehicle"],
                "properties": {
                    "vehicle": {"type": "string"},
                    "seats": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "null"}]},
                },
            }}},
            {"type": "object", "required": ["with"], "maxProperties": 1, "properties": {"with": sixteen}},
            {"type": "string", "enum": ["on_foot"]},
        ]});
        let expected = json!({
            "type": "object",
            "required": ["ways", "ticket", "day", "at"],
            "properties": {
                "ways": {"type": "array", "items": way},
                "paid": {"type": "boolean"},
                "ticket": bytes,
                "day": {"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX},
                "at": {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 2,
        "items": {"anyOf": [
                        {"type": "integer", "minimum": 0, "maximum": 65_535},
                        {"type": "number"},
                    ]},
                },
            },
        });
        assert_eq!(of::<Journey>(), Some(expected));
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its reader is looked at")]
    struct Odd(#[serde(with = "serde_bytes")] [u8; 7]);

    #[test]
    fn bytes_of_a_length_nobody_offers_are_not_described() {
        assert_eq!(of::<Vec<Odd>>(), None);
    }
}
