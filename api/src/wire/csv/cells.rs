//! Writes flat rows as cells, each field once: through the `csv` crate's own serializer they would have to be read back to be
//! made harmless, and written again.

use super::harmless;
use csv::{Error, Terminator, Writer, WriterBuilder};
use serde::Serialize;
use serde::ser::{Error as _, Impossible, SerializeStruct, Serializer};
use std::borrow::Cow;

/// The rows so far.
pub(super) struct Table {
    writer: Writer<Vec<u8>>,
}

impl Default for Table {
    fn default() -> Self {
        Self { writer: WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new()) }
    }
}

impl Table {
    /// Adds a row.
    pub fn line(&mut self, cells: &[Cow<'_, str>]) -> Result<(), Error> {
        cells.iter().try_for_each(|cell| self.cell(cell))?;
        self.end_line()
    }

    pub fn into_text(self) -> Result<Vec<u8>, Error> {
        self.writer.into_inner().map_err(|error| Error::custom(error.error()))
    }

    fn cell(&mut self, text: &str) -> Result<(), Error> {
        self.writer.write_field(harmless(text).as_bytes())
    }

    fn end_line(&mut self) -> Result<(), Error> {
        self.writer.write_record(None::<&[u8]>)
    }
}

/// The names of the fields of a row.
#[derive(Default)]
pub(super) struct Names(Vec<&'static str>);

/// One cell: a text, a number, a truth value, or nothing.
struct Cell<'a>(&'a mut Table);

fn refused<T>(what: &str) -> Result<T, Error> {
    Err(Error::custom(format!("{what} is not a cell of a flat row")))
}

/// Refuses what a serializer does not take.
macro_rules! refuses {
    ($($name:ident($($argument:ty),*) -> $answer:ty;)*) => {$(
        fn $name(self, $(_: $argument),*) -> Result<$answer, Error> {
            refused(stringify!($name))
        }
    )*};
}

/// The types of what a serializer refuses.
macro_rules! impossible {
    ($ok:ty; $($name:ident),*) => {
        type Ok = $ok;
        type Error = Error;
        $(type $name = Impossible<$ok, Error>;)*
    };
}

/// What neither a row nor a cell may be.
macro_rules! refuses_nesting {
    ($ok:ty) => {
        refuses! {
            serialize_bytes(&[u8]) -> $ok;
            serialize_unit_struct(&'static str) -> $ok;
            serialize_seq(Option<usize>) -> Self::SerializeSeq;
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<$ok, Error> {
            refused("serialize_newtype_variant")
        }
    };
}

/// What a cell may be and a row may not.
macro_rules! refuses_cells {
    ($ok:ty) => {
        refuses! {
            serialize_bool(bool) -> $ok;
            serialize_i8(i8) -> $ok;
            serialize_i16(i16) -> $ok;
            serialize_i32(i32) -> $ok;
            serialize_i64(i64) -> $ok;
            serialize_u8(u8) -> $ok;
            serialize_u16(u16) -> $ok;
            serialize_u32(u32) -> $ok;
            serialize_u64(u64) -> $ok;
            serialize_f32(f32) -> $ok;
            serialize_f64(f64) -> $ok;
            serialize_char(char) -> $ok;
            serialize_str(&str) -> $ok;
            serialize_none() -> $ok;
            serialize_unit() -> $ok;
            serialize_unit_variant(&'static str, u32, &'static str) -> $ok;
        }

        fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<$ok, Error> {
            refused("serialize_some")
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<$ok, Error> {
            refused("serialize_newtype_struct")
        }
    };
}

impl<'a> Serializer for &'a mut Table {
    type SerializeStruct = &'a mut Table;

    impossible! {
        (); SerializeSeq, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, SerializeMap, SerializeStructVariant
    }
    refuses_cells! { () }
    refuses_nesting! { () }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }
}

impl SerializeStruct for &mut Table {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(Cell(self))
    }

    fn end(self) -> Result<(), Error> {
        self.end_line()
    }
}

impl Serializer for Names {
    type SerializeStruct = Self;

    impossible! {
        Vec<&'static str>;
        SerializeSeq, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, SerializeMap, SerializeStructVariant
    }
    refuses_cells! { Vec<&'static str> }
    refuses_nesting! { Vec<&'static str> }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        Ok(self)
    }
}

impl SerializeStruct for Names {
    type Ok = Vec<&'static str>;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, _: &T) -> Result<(), Error> {
        self.0.push(name);
        Ok(())
    }

    fn end(self) -> Result<Vec<&'static str>, Error> {
        Ok(self.0)
    }
}

/// Values that are written as they are displayed.
macro_rules! displayed {
    ($($name:ident: $value:ty),* $(,)?) => {$(
        fn $name(self, value: $value) -> Result<(), Error> {
            self.0.cell(&value.to_string())
        }
    )*};
}

impl Serializer for Cell<'_> {
    type SerializeStruct = Impossible<(), Error>;

    impossible! {
        (); SerializeSeq, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, SerializeMap, SerializeStructVariant
    }
    refuses_nesting! { () }
    displayed! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        self.0.cell(text)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.0.cell("")
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.cell("")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.0.cell(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        refused("serialize_struct")
    }
}
