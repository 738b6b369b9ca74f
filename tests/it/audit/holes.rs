//! Ways past the database's safeguards, each tried by someone who has the database password but none of our code.
#![expect(clippy::disallowed_methods, reason = "these tests do what the program may not")]

use crate::app::{Kind, TestApp};
use entity::{case, credit};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, TransactionTrait};
use uuid::Uuid;

/// A statement that forges a successful entry, or one with another outcome.
fn forged(kind: Kind, object_type: &str, object_id: &str, outcome: &str) -> String {
    let (id, now) = match kind {
        Kind::Sqlite => ("randomblob(16)", "'2026-12-01T15:00:00+00:00'"),
        Kind::Postgres => ("gen_random_uuid()", "now()"),
    };
    format!(
        "INSERT INTO audit_entries (id, occurred_at, action_type, outcome, actor_type, actor_label, object_type, object_id, \
         source, request_id, description, search_text, body) \
         VALUES ({id}, {now}, 'other', '{outcome}', 'system', 'System', '{object_type}', '{object_id}', 'job', 'forged', '', '', \
         '{{}}')"
    )
}

/// Runs statements in one transaction and commits it.
async fn together(db: &DatabaseConnection, statements: &[String]) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    for statement in statements {
        tx.execute_unprepared(statement).await?;
    }
    tx.commit().await
}

fn is_netted(refused: &DbErr) -> bool {
    let refused = refused.to_string();
    ["unaudited", "FOREIGN KEY", "append-only", "settled by entries alone", "permission denied", "must be owner"]
        .iter()
        .any(|words| refused.contains(words))
}

async fn expect_refused(app: &TestApp, name: &str, statements: &[String]) {
    for (whose, db) in app.outsiders().await {
        let refused = together(&db, statements).await.expect_err(&format!("{name}, as {whose}"));
        assert!(is_netted(&refused), "{name}, as {whose}: {refused}");
    }
}

const CHANGE: &str = "UPDATE cases SET version = 9";

async fn allowance(app: &TestApp, member_id: Uuid) -> credit::Model {
    let tx = app.write().await;
    let row = tx.save(credit::first(tx.new_id(), member_id, "2026-Q4".parse().unwrap(), 100, None)).await.unwrap();
    tx.commit().await.unwrap();
    row
}

fn literal(kind: Kind, id: Uuid) -> String {
    match kind {
        Kind::Sqlite => format!("x'{}'", id.simple()),
        Kind::Postgres => format!("'{id}'"),
    }
}

on_each_database! {
    async fn an_entry_about_another_row_or_an_unsuccessful_attempt_does_not_permit_a_change(app) {
        let case = app.a_case().accepted().create().await.case;
        let id = case.id.to_string();
        for (object_type, object_id, outcome) in [
            ("case", Uuid::now_v7().to_string().as_str(), "success"),
            ("user", id.as_str(), "success"),
            ("case", id.as_str(), "failure"),
            ("case", id.as_str(), "denied"),
        ] {
            let entry = forged(app.kind, object_type, object_id, outcome);
            expect_refused(app, &format!("{object_type} {object_id} {outcome}"), &[CHANGE.to_owned(), entry]).await;
        }
        assert_eq!(case::Entity::find_by_id(case.id).one(&app.outside).await.unwrap(), Some(case));
    }

    async fn a_row_whose_id_changes_needs_an_entry_for_each_id(app) {
        let member = app.a_case().accepted().create().await.case.member_id;
        let row = allowance(app, member).await;
        let other = Uuid::now_v7();
        let change = format!("UPDATE credit_allowances SET id = {}", literal(app.kind, other));
        for named in [row.id, other] {
            let entry = forged(app.kind, "credit_allowance", &named.to_string(), "success");
            expect_refused(app, "another id", &[change.clone(), entry]).await;
        }
        assert_eq!(credit::Entity::find().all(&app.outside).await.unwrap(), [row]);
    }
}

#[tokio::test]
async fn objects_that_shadow_the_schema_do_not_permit_a_change() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let id = app.a_case().accepted().create().await.case.id;
    let table = format!(
        "CREATE TEMP TABLE audit_entries ON COMMIT DROP AS \
           SELECT pg_current_xact_id() AS txid, 'case'::text AS object_type, '{id}'::text AS object_id, 'success'::text AS \
           outcome"
    );
    let view = table.replace("TEMP TABLE audit_entries ON COMMIT DROP", "TEMP VIEW audit_entries");
    let function = "CREATE FUNCTION pg_temp.pg_current_xact_id() RETURNS xid8 LANGUAGE sql \
                      AS 'SELECT txid FROM public.audit_entries ORDER BY id DESC LIMIT 1'";
    let path = "SET LOCAL search_path = pg_temp, public, pg_catalog";
    for (name, before) in [
        ("a temporary table", vec![table.as_str()]),
        ("a temporary table before the catalogue", vec![path, &table]),
        ("a temporary view", vec![&view]),
        ("a temporary function", vec![function, path]),
    ] {
        let statements: Vec<_> = before.into_iter().chain([CHANGE]).map(str::to_owned).collect();
        expect_refused(&app, name, &statements).await;
    }
    let schema = "CREATE SCHEMA shadow";
    let function = function.replace("pg_temp.", "shadow.");
    let path = "SET LOCAL search_path = shadow, pg_catalog, public";
    expect_refused(&app, "a function of another schema", &[schema, &function, path, CHANGE].map(str::to_owned)).await;
    app.finish().await;
}

#[tokio::test]
async fn audited_tables_cannot_be_truncated() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    app.a_case().pending_review().create().await;
    let mut guarded = entity::registry::audited();
    guarded.extend(["audit_entries", "case_reviews"]);
    for table in guarded {
        for how in ["", " CASCADE", " RESTART IDENTITY", " RESTART IDENTITY CASCADE"] {
            let refused = app.outside.execute_unprepared(&format!("TRUNCATE {table}{how}")).await.expect_err(table).to_string();
            let by_foreign_key = how.is_empty() || how == " RESTART IDENTITY";
            let said = ["unaudited TRUNCATE", "append-only (TRUNCATE)"].iter().any(|words| refused.contains(words));
            assert!(said || (by_foreign_key && refused.contains("foreign key")), "{table}{how}: {refused}");
        }
    }
    app.finish().await;
}

/// A transaction number can be predicted: past entries with that number do not belong to the transaction. Without `finish`: they
/// remain.
#[tokio::test]
async fn an_entry_of_an_earlier_transaction_does_not_permit_a_change_even_with_a_forged_txid() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let id = app.a_case().accepted().create().await.case.id;
    let entry = forged(app.kind, "case", &id.to_string(), "success");
    let (columns, values) = entry.split_once(") VALUES (").unwrap();
    let values = values.strip_suffix(')').unwrap();
    // The other tests use up numbers in the meantime.
    let with_txids = format!(
        "{columns}, txid) SELECT {values}, (pg_current_xact_id()::text::bigint + n)::text::xid8 \
         FROM generate_series(1, 20000) AS n"
    );
    together(&app.outside, &[with_txids]).await.unwrap();
    let refused = together(&app.outside, &[CHANGE.to_owned()]).await.expect_err("no entry of its own");
    assert!(refused.to_string().contains("unaudited"), "{refused}");
}

#[tokio::test]
async fn rows_inserted_by_copy_need_their_entries() {
    use sea_orm::sqlx::postgres::PgPoolCopyExt;
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let member = app.a_case().accepted().create().await.case.member_id;
    let columns = "id, member_id, quarter, allowed_credits, version, created_at, updated_at";
    let line = format!("{}\t{member}\t2026-Q4\t5\t1\t2026-12-01\t2026-12-01\n", Uuid::now_v7());
    for (whose, db) in app.outsiders().await {
        let pool = db.get_postgres_connection_pool();
        let mut copy = pool.copy_in_raw(&format!("COPY credit_allowances ({columns}) FROM STDIN")).await.unwrap();
        copy.send(line.as_bytes()).await.unwrap();
        let refused = copy.finish().await.expect_err(whose).to_string();
        assert!(refused.contains("unaudited INSERT"), "as {whose}: {refused}");
    }
    app.finish().await;
}

#[tokio::test]
async fn audit_debt_is_settled_only_by_entries() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let case = app.a_case().accepted().create().await.case;
    let debt = format!("('case', '{}'", case.id.simple());
    for way in [
        "DELETE FROM audit_debt".to_owned(),
        "UPDATE audit_debt SET object_id = 'another'".to_owned(),
        "UPDATE audit_debt SET entries_before = 0".to_owned(),
        "UPDATE audit_debt SET unpaid = NULL".to_owned(),
        "PRAGMA ignore_check_constraints = ON; INSERT INTO audit_never VALUES (1)".to_owned(),
        "INSERT INTO audit_never VALUES (NULL)".to_owned(),
        "INSERT OR REPLACE INTO audit_never VALUES (1)".to_owned(),
        format!("INSERT OR REPLACE INTO audit_debt VALUES {debt}, 1, 0); DELETE FROM audit_debt"),
        format!("INSERT OR REPLACE INTO audit_debt VALUES {debt}, 1, -1)"),
        format!("PRAGMA recursive_triggers = OFF; REPLACE INTO audit_debt VALUES {debt}, NULL, 0)"),
    ] {
        let tx = app.outside.begin().await.unwrap();
        tx.execute_unprepared(CHANGE).await.unwrap();
        // Refused immediately or at COMMIT.
        let refused = match tx.execute_unprepared(&way).await {
            Ok(_) => tx.commit().await.expect_err(&way),
            Err(refused) => refused,
        };
        let text = refused.to_string();
        let is_known = is_netted(&refused) || text.contains("NOT NULL") || text.contains("no such column");
        assert!(is_known && !text.contains("no such column"), "{way}: {text}");
        app.outside.execute_unprepared("PRAGMA ignore_check_constraints = OFF").await.unwrap();
    }
    assert_eq!(case::Entity::find_by_id(case.id).one(&app.outside).await.unwrap(), Some(case));
    app.finish().await;
}

/// While SQLite's recursive triggers are off, as they are by default, REPLACE removes rows without firing any trigger.
#[tokio::test]
async fn a_replaced_row_needs_its_entry() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    let case = app.a_case().accepted().create().await.case;
    let row = allowance(&app, case.member_id).await;
    let new = Uuid::now_v7();
    let copied = |table: &str, columns: &str, changed: &str| {
        format!("INSERT OR REPLACE INTO {table} ({columns}) SELECT {changed} FROM {table} LIMIT 1")
    };
    let id = literal(app.kind, new);
    let rest = "member_id, quarter, allowed_credits, version, created_at, updated_at";
    let entry = forged(app.kind, "credit_allowance", &new.to_string(), "success");
    for way in [
        copied("credit_allowances", &format!("id, {rest}"), &format!("{id}, {rest}")),
        copied(
            "credit_allowances",
            &format!("rowid, id, {rest}"),
            &format!("rowid, {id}, {}", rest.replace("quarter", "'2027-Q1'")),
        ),
        copied("credit_allowances", &format!("id, {rest}"), &format!("id, {}", rest.replace("quarter", "'2027-Q1'"))),
    ] {
        let off = "PRAGMA recursive_triggers = OFF".to_owned();
        let alone =
            sea_orm::Database::connect(sea_orm::ConnectOptions::new(&app.url).max_connections(1).sqlx_logging(false).to_owned());
        let alone = alone.await.unwrap();
        alone.execute_unprepared(&off).await.unwrap();
        let refused = together(&alone, &[way.clone(), entry.clone()]).await.expect_err(&way);
        assert!(is_netted(&refused), "{way}: {refused}");
    }
    assert_eq!(credit::Entity::find().all(&app.outside).await.unwrap(), [row]);
    app.finish().await;
}

#[tokio::test]
async fn append_only_rows_cannot_be_replaced_by_their_rowid() {
    let app = TestApp::start(Kind::Sqlite).await.unwrap();
    app.a_case().pending_review().create().await;
    let trail = app.all_entries().await;
    let alone =
        sea_orm::Database::connect(sea_orm::ConnectOptions::new(&app.url).max_connections(1).sqlx_logging(false).to_owned());
    let alone = alone.await.unwrap();
    alone.execute_unprepared("PRAGMA recursive_triggers = OFF").await.unwrap();
    let entry = forged(app.kind, "job", "x", "success");
    for number in ["1", "(SELECT max(rowid) FROM audit_entries)", "9223372036854775807", "0", "-1", "-7"] {
        let numbered = entry.replacen("(id,", "(rowid, id,", 1).replacen("VALUES (", &format!("VALUES ({number}, "), 1);
        let refused = alone.execute_unprepared(&numbered.replacen("INSERT", "INSERT OR REPLACE", 1)).await;
        let refused = refused.expect_err(number).to_string();
        assert!(refused.contains("append-only"), "{number}: {refused}");
    }
    let step = "INSERT OR REPLACE INTO case_reviews (rowid, id, case_id, case_number, reviewed_at, review_action, reviewer_id, \
                review_cycle) SELECT rowid, randomblob(16), case_id, case_number, reviewed_at, review_action, reviewer_id, \
                review_cycle FROM case_reviews LIMIT 1";
    let refused = alone.execute_unprepared(step).await.expect_err("a step of the review history").to_string();
    assert!(refused.contains("append-only"), "{refused}");
    assert_eq!(app.all_entries().await, trail);
    app.finish().await;
}
