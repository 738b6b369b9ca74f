//! Rows decoded by the places of their columns. By name, as sea-orm does it, each column costs a text and a look-up, and each
//! null another text: for the columns of a case several times as much as its values.

use super::transaction::query_error;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::prelude::Uuid;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ColumnType, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Iterable, QueryResult,
    QuerySelect, QueryTrait, Select, TryIntoModel, Value,
};
use sqlx::{ColumnIndex, Decode, Row, Type};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

/// How a column is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Text,
    Id,
    Integer,
    BigInteger,
    Boolean,
    Instant,
    Day,
}

impl ColumnKind {
    /// That of a column; none for types that no table read here has.
    fn new(column: &impl ColumnTrait) -> Option<Self> {
        match column.def().get_column_type() {
            ColumnType::String(_) | ColumnType::Text | ColumnType::Char(_) => Some(Self::Text),
            ColumnType::Uuid => Some(Self::Id),
            ColumnType::Integer => Some(Self::Integer),
            ColumnType::BigInteger => Some(Self::BigInteger),
            ColumnType::Boolean => Some(Self::Boolean),
            ColumnType::TimestampWithTimeZone => Some(Self::Instant),
            ColumnType::Date => Some(Self::Day),
            _ => None,
        }
    }

    fn read<'r, R>(self, row: &'r R, place: usize) -> Result<Value, sqlx::Error>
    where
        R: Row,
        usize: ColumnIndex<R>,
        String: Decode<'r, R::Database> + Type<R::Database>,
        Uuid: Decode<'r, R::Database> + Type<R::Database>,
        i32: Decode<'r, R::Database> + Type<R::Database>,
        i64: Decode<'r, R::Database> + Type<R::Database>,
        bool: Decode<'r, R::Database> + Type<R::Database>,
        DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
        NaiveDate: Decode<'r, R::Database> + Type<R::Database>,
    {
        Ok(match self {
            Self::Text => row.try_get::<Option<String>, _>(place)?.into(),
            Self::Id => row.try_get::<Option<Uuid>, _>(place)?.into(),
            Self::Integer => row.try_get::<Option<i32>, _>(place)?.into(),
            Self::BigInteger => row.try_get::<Option<i64>, _>(place)?.into(),
            Self::Boolean => row.try_get::<Option<bool>, _>(place)?.into(),
            Self::Instant => row.try_get::<Option<DateTime<Utc>>, _>(place)?.into(),
            Self::Day => row.try_get::<Option<NaiveDate>, _>(place)?.into(),
        })
    }
}

type KindsByTable = HashMap<TypeId, Option<&'static [ColumnKind]>>;

/// The kinds of a table's columns in their order; none if one of them has no kind.
fn kinds<E: EntityTrait>() -> Option<&'static [ColumnKind]> {
    static KNOWN: LazyLock<RwLock<KindsByTable>> = LazyLock::new(RwLock::default);
    let table = TypeId::of::<E>();
    if let Some(kinds) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&table) {
        return *kinds;
    }
    let kinds: Option<Vec<ColumnKind>> = E::Column::iter().map(|column| ColumnKind::new(&column)).collect();
    // Once for each table.
    let kinds = kinds.map(|kinds| &*kinds.leak());
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(table, kinds);
    kinds
}

/// A whole row of a table, whose columns a statement selects first and in their order.
///
/// # Errors
///
/// If a value is none of its column's.
pub fn whole_row<E>(row: &QueryResult) -> Result<E::Model, DbErr>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
{
    let Some(kinds) = kinds::<E>() else { return E::Model::from_query_result(row, "") };
    let value = |kind: ColumnKind, place| match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
        (Some(row), _) => kind.read(row, place),
        (None, Some(row)) => kind.read(row, place),
        (None, None) => Err(sqlx::Error::RowNotFound),
    };
    let mut read = <E::ActiveModel as ActiveModelTrait>::default();
    for ((place, column), kind) in E::Column::iter().enumerate().zip(kinds) {
        read.try_set(column, value(*kind, place).map_err(query_error)?)?;
    }
    read.try_into_model()
}

/// The first row of a statement that selects whole rows.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn first_row<E, C>(db: &C, rows: Select<E>) -> Result<Option<E::Model>, DbErr>
where
    E: EntityTrait,
    E::ActiveModel: TryIntoModel<E::Model>,
    C: ConnectionTrait,
{
    let row = db.query_one(&rows.limit(1).into_query()).await?;
    row.map(|row| whole_row::<E>(&row)).transpose()
}
