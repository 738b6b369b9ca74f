//! Rows decoded by the places of their columns. By name, as sea-orm does it, each column costs a text and a look-up, and each
//! null another text: for the columns of a case several times as much as its values.

use super::transaction::query_error;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IdenStatic, Iterable, QueryResult, QuerySelect, QueryTrait, Select};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Postgres, Row, Type, ValueRef};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

/// What is read from columns that a statement selects in the order of its fields.
pub trait Placed: Sized {
    /// Reads the next columns.
    ///
    /// # Errors
    ///
    /// If a value does not have the type of its field.
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr>;
}

/// The last columns of a row, those of an outer join: none if the first of them is null, which is so where it found nothing.
impl<T: Placed> Placed for Option<T> {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        if columns.is_next_null()? { Ok(None) } else { T::read(columns).map(Some) }
    }
}

impl<T: Placed, U: Placed> Placed for (T, U) {
    fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok((T::read(columns)?, U::read(columns)?))
    }
}

/// The columns of a row, from left to right.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'r> {
    row: AnyRow<'r>,
    /// The place of the next column.
    place: usize,
    /// Whether the types of another row's columns, of the same statement, were compared with those of the fields. SQLite's values
    /// have types of their own, and are always compared.
    are_checked: bool,
}

#[derive(Clone, Copy, Debug)]
enum AnyRow<'r> {
    Postgres(&'r PgRow),
    Sqlite(&'r SqliteRow),
}

impl<'r> Columns<'r> {
    /// The columns of a row of a statement whose types were not compared yet.
    ///
    /// # Errors
    ///
    /// If the row is of another database.
    pub fn first(row: &'r QueryResult) -> Result<Self, DbErr> {
        Self::new(row, false)
    }

    fn new(row: &'r QueryResult, are_checked: bool) -> Result<Self, DbErr> {
        let row = match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
            (Some(row), _) => AnyRow::Postgres(row),
            (None, Some(row)) => AnyRow::Sqlite(row),
            (None, None) => return Err(DbErr::Type("a row of another database".to_owned())),
        };
        Ok(Self { row, place: 0, are_checked })
    }

    /// The value of the next column.
    ///
    /// # Errors
    ///
    /// If it does not have this type.
    pub fn take<T: Stored>(&mut self) -> Result<T, DbErr> {
        let place = self.place;
        self.place += 1;
        let value = T::Raw::read(self, place).map_err(query_error)?;
        T::from_raw(value).ok_or_else(|| DbErr::Type(format!("the value of column {place} does not have the type of its field")))
    }

    fn is_next_null(&self) -> Result<bool, DbErr> {
        let is_null = match self.row {
            AnyRow::Postgres(row) => row.try_get_raw(self.place).map(|value| value.is_null()),
            AnyRow::Sqlite(row) => row.try_get_raw(self.place).map(|value| value.is_null()),
        };
        is_null.map_err(query_error)
    }
}

/// A type of fields, by what a database stores for it.
pub trait Stored: Sized {
    type Raw: Raw;

    /// The value; `None` if it does not have this type.
    fn from_raw(raw: Option<Self::Raw>) -> Option<Self>;
}

impl<T: Stored> Stored for Option<T> {
    type Raw = T::Raw;

    fn from_raw(raw: Option<T::Raw>) -> Option<Self> {
        if raw.is_some() { T::from_raw(raw).map(Some) } else { Some(None) }
    }
}

/// A type that both databases store.
pub trait Raw: Sized {
    #[doc(hidden)]
    fn read(columns: &Columns<'_>, place: usize) -> Result<Option<Self>, sqlx::Error>;
}

macro_rules! raw {
    ($($raw:ty),*) => { $(
        impl Raw for $raw {
            fn read(columns: &Columns<'_>, place: usize) -> Result<Option<Self>, sqlx::Error> {
                match columns.row {
                    AnyRow::Postgres(row) => {
                        if !columns.are_checked {
                            ensure_type::<Self>(row, place)?;
                        }
                        row.try_get_unchecked(place)
                    }
                    AnyRow::Sqlite(row) => row.try_get(place),
                }
            }
        }

        impl Stored for $raw {
            type Raw = Self;

            fn from_raw(raw: Option<Self>) -> Option<Self> {
                raw
            }
        }
    )* };
}

raw! { String, Uuid, i32, i64, bool, DateTime<Utc>, NaiveDate }

fn ensure_type<T: Type<Postgres>>(row: &PgRow, place: usize) -> Result<(), sqlx::Error> {
    let column = row.try_column(place)?;
    if T::compatible(column.type_info()) {
        return Ok(());
    }
    let problem = format!("{} can't be read from {}", T::type_info(), column.type_info());
    Err(sqlx::Error::ColumnDecode { index: format!("{:?}", column.name()), source: problem.into() })
}

/// Makes enumerations that are stored as texts readable by place: `stored_as_text! { Role, Level }`.
macro_rules! stored_as_text {
    ($($name:ident),* $(,)?) => { $(
        impl $crate::db::Stored for $name {
            type Raw = String;

            fn from_raw(raw: Option<String>) -> Option<Self> {
                <Self as sea_orm::ActiveEnum>::try_from_value(&raw?).ok()
            }
        }
    )* };
}
pub(crate) use stored_as_text;

/// Declares the model of a table, and makes it readable by place.
macro_rules! placed {
    (@read $(#[$about:meta])* pub struct Model { $($(#[$field_about:meta])* pub $field:ident: $kind:ty),* $(,)? }) => {
        impl $crate::db::Placed for Model {
            fn read(columns: &mut $crate::db::Columns<'_>) -> Result<Self, sea_orm::DbErr> {
                Ok(Self { $($field: columns.take()?),* })
            }
        }
    };
    ($($model:tt)*) => {
        $($model)*
        $crate::db::placed! { @read $($model)* }
    };
}
pub(crate) use placed;

/// The same rows, with one text for all of their columns in place of an expression for each: the statement is built faster.
pub fn whole_rows<E: EntityTrait>(rows: Select<E>) -> Select<E> {
    rows_of(rows, all_columns::<E>())
}

/// The same rows with this text for their columns.
pub fn rows_of<E: EntityTrait>(mut rows: Select<E>, columns: &'static str) -> Select<E> {
    QuerySelect::query(&mut rows).clear_selects().expr(Expr::cust(columns));
    rows
}

/// The columns of a table in their order, as a statement lists them.
fn all_columns<E: EntityTrait>() -> &'static str {
    static KNOWN: LazyLock<RwLock<HashMap<TypeId, &'static str>>> = LazyLock::new(RwLock::default);
    let table = TypeId::of::<E>();
    if let Some(columns) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&table) {
        return columns;
    }
    let name = E::default();
    let columns: Vec<_> = E::Column::iter().map(|column| format!("\"{}\".\"{}\"", name.table_name(), column.as_str())).collect();
    // Once for each table.
    let columns = &*columns.join(", ").leak();
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(table, columns);
    columns
}

/// All rows of a statement.
///
/// # Errors
///
/// If a value does not have the type of its field.
pub fn by_place<T: Placed>(rows: &[QueryResult]) -> Result<Vec<T>, DbErr> {
    rows.iter().enumerate().map(|(number, row)| T::read(&mut Columns::new(row, number > 0)?)).collect()
}

/// The first row of a statement.
///
/// # Errors
///
/// If the database can't be queried, or a value does not have the type of its field.
pub async fn first_by_place<T: Placed, C: ConnectionTrait>(db: &C, statement: &SelectStatement) -> Result<Option<T>, DbErr> {
    let row = db.query_one(statement).await?;
    row.map(|row| T::read(&mut Columns::first(&row)?)).transpose()
}

/// The first of these whole rows.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn first_row<E, C>(db: &C, rows: Select<E>) -> Result<Option<E::Model>, DbErr>
where
    E: EntityTrait<Model: Placed>,
    C: ConnectionTrait,
{
    first_by_place(db, &whole_rows(rows).limit(1).into_query()).await
}
