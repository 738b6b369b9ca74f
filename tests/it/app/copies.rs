//! Creates tens of thousands of rows by copying, in the database, one that a request created.

use super::{Kind, TestApp};
use sea_orm::{ConnectionTrait, EntityTrait, IdenStatic, Iterable};

/// Multiplies one row of a table: its columns, with other values in some of them; `i` is the number of the copy.
pub async fn multiply<E: EntityTrait>(app: &TestApp, table: &str, where_is: &str, count: usize, others: &[(&str, &str, &str)]) {
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for column in E::Column::iter() {
        let name = column.as_str();
        columns.push(format!("\"{name}\""));
        values.push(match (others.iter().find(|(other, ..)| *other == name), app.kind) {
            (Some((_, sqlite, _)), Kind::Sqlite) => (*sqlite).to_owned(),
            (Some((_, _, postgres)), Kind::Postgres) => (*postgres).to_owned(),
            (None, _) => format!("t.\"{name}\""),
        });
    }
    let (columns, values) = (columns.join(", "), values.join(", "));
    let (before, numbers) = match app.kind {
        Kind::Sqlite => {
            (format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"), "n".to_owned())
        }
        Kind::Postgres => (String::new(), format!("generate_series(1::bigint, {count}) AS n (i)")),
    };
    run(app, &format!("{before} INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, {numbers} WHERE {where_is}"))
        .await;
}

#[expect(clippy::disallowed_methods, reason = "tens of thousands of rows, bypassing AuditTx")]
pub async fn run(app: &TestApp, sql: &str) {
    app.outside.execute_unprepared(sql).await.unwrap();
}

/// Ids from the days before the test starts: the copies are older than the row that they are copied from.
const SQLITE_ID: &str = "unhex(printf('%012x', 1795000000000 + i * 20) || '7000' || printf('b%015x', i))";
const POSTGRES_ID: &str = "(lpad(to_hex(1795000000000 + i * 20), 12, '0') || '7000b' || lpad(to_hex(i), 15, '0'))::uuid";

pub const ID: (&str, &str, &str) = ("id", SQLITE_ID, POSTGRES_ID);

/// The same, slightly later: if a table is filled more than once, each filling has its own ids.
pub fn id_at(offset: usize) -> (String, String) {
    let later = format!("i * 20 + {offset}");
    (SQLITE_ID.replace("i * 20", &later), POSTGRES_ID.replace("i * 20", &later))
}

pub fn literal(kind: Kind, id: &str) -> String {
    match kind {
        Kind::Sqlite => format!("x'{}'", id.replace('-', "")),
        Kind::Postgres => format!("'{id}'"),
    }
}

/// Switches off the net of the review history, for steps without entries.
pub fn without_step_net(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "DROP TRIGGER IF EXISTS case_reviews_recorded",
        Kind::Postgres => "ALTER TABLE case_reviews DISABLE TRIGGER case_reviews_recorded",
    }
}
