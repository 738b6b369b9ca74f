//! Checks whether the safety nets are as the migrations made them: they work only as long as none was removed.

use super::m20261201_000020_nets::{AUDITED, FUNCTIONS, home, in_home};
use super::m20261201_000026_review_net as review_net;
use super::m20261201_000036_ledger::{self as ledger, Function};
use super::{Migrator, MigratorTrait};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectOptions, Database, DbBackend, Statement};
use std::collections::BTreeMap;

/// The append-only tables: the audit log and the review history.
const APPENDED: [&str; 2] = ["audit_entries", "case_reviews"];

/// The tables of the ledger that have triggers of their own.
const LEDGER: [&str; 2] = ["audit_pending", "ledger_leaves"];

/// What is missing, different, disabled or added, as text for an operator; empty if everything is as it should be.
pub async fn differences(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    match db.get_database_backend() {
        DbBackend::Postgres => {
            let home = home(db).await?;
            let mut found = compare(&expected_triggers(), &triggers(db).await?);
            found.extend(compare(&expected_functions(&home), &functions(db).await?));
            Ok(found)
        }
        _ => {
            let mut options = ConnectOptions::new("sqlite::memory:");
            options.max_connections(1).sqlx_logging(false);
            let pattern = Database::connect(options).await?;
            Migrator::up(&pattern, None).await?;
            Ok(compare(&kept_by_sqlite(&pattern).await?, &kept_by_sqlite(db).await?))
        }
    }
}

/// Names, with their definition in the database.
type Definitions = BTreeMap<String, String>;

fn compare(expected: &Definitions, actual: &Definitions) -> Vec<String> {
    let missing = expected.keys().filter(|name| !actual.contains_key(*name)).map(|name| format!("{name} is missing"));
    let differing = expected.iter().filter_map(|(name, definition)| {
        let actual = actual.get(name).filter(|actual| *actual != definition)?;
        Some(format!("{name} differs from the migration: {actual}"))
    });
    let added = actual.keys().filter(|name| !expected.contains_key(*name)).map(|name| format!("{name} is not from a migration"));
    missing.chain(differing).chain(added).collect()
}

async fn definitions(db: &impl ConnectionTrait, sql: String) -> Result<Definitions, DbErr> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "definition")?))).collect()
}

/// SQLite keeps the statement that created a trigger, so the migrations are also run on a separate database for comparison.
async fn kept_by_sqlite(db: &impl ConnectionTrait) -> Result<Definitions, DbErr> {
    let sql = "SELECT type || ' ' || name AS name, coalesce(sql, '') AS definition FROM sqlite_master \
               WHERE type = 'trigger' OR name IN ('audit_debt', 'audit_never')";
    definitions(db, sql.to_owned()).await
}

/// The triggers and rules of the tables that have a net or are append-only, as PostgreSQL represents them.
async fn triggers(db: &impl ConnectionTrait) -> Result<Definitions, DbErr> {
    let tables = AUDITED.iter().map(|audited| audited.table).chain(APPENDED).chain(LEDGER);
    let tables = tables.map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
    definitions(
        db,
        format!(
            "SELECT 'trigger ' || t.tgname AS name,
                    pg_get_triggerdef(t.oid, true) || CASE WHEN t.tgenabled = 'O' THEN '' ELSE ' (not enabled)' END AS definition
             FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND c.relname IN ({tables})
             UNION ALL
             SELECT 'rule ' || rulename, definition FROM pg_rules
             WHERE schemaname = current_schema() AND tablename IN ({tables})"
        ),
    )
    .await
}

fn expected_triggers() -> Definitions {
    let nets = AUDITED.iter().flat_map(|audited| {
        let (table, object) = (audited.table, audited.object);
        let net = format!(
            "CREATE CONSTRAINT TRIGGER {table}_audited AFTER INSERT OR DELETE OR UPDATE ON {table} \
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION demand_entry('{object}')"
        );
        [(format!("trigger {table}_audited"), net), (format!("trigger {table}_kept"), audited.kept())]
    });
    let appended = APPENDED.iter().flat_map(|table| {
        let unaltered = format!(
            "CREATE TRIGGER {table}_unaltered BEFORE DELETE OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        );
        let kept =
            format!("CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()");
        [(format!("trigger {table}_unaltered"), unaltered), (format!("trigger {table}_kept"), kept)]
    });
    let steps = ("trigger case_reviews_recorded".to_owned(), review_net::POSTGRES.to_owned());
    // CREATE TRIGGER name …
    let ledger = ledger::TRIGGERS.iter().map(|trigger| {
        let name = trigger.split_whitespace().nth(2).unwrap_or_default();
        (format!("trigger {name}"), (*trigger).to_owned())
    });
    nets.chain(appended).chain([steps]).chain(ledger).collect()
}

/// The functions as they were made last: the ledger's migration made some of them anew.
fn latest_functions() -> Vec<Function> {
    let earlier = FUNCTIONS.iter().filter(|(name, _)| ledger::FUNCTIONS.iter().all(|function| function.name != *name));
    let earlier = earlier.map(|&(name, body)| Function { name, body, is_definer: false });
    earlier.chain(ledger::FUNCTIONS).collect()
}

async fn functions(db: &impl ConnectionTrait) -> Result<Definitions, DbErr> {
    let names: Vec<String> = latest_functions().iter().map(|function| format!("'{}'", function.name)).collect();
    let names = names.join(", ");
    definitions(
        db,
        format!(
            "SELECT 'function ' || p.proname AS name,
                    coalesce(array_to_string(p.proconfig, '; '), '')
                      || CASE WHEN p.prosecdef THEN '; security definer' ELSE '' END || p.prosrc AS definition
             FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = current_schema() AND p.proname IN ({names})"
        ),
    )
    .await
}

fn expected_functions(home: &str) -> Definitions {
    let definition = |function: &Function| {
        let settings = function.settings(home).into_iter().map(|(name, value)| format!("{name}={value}"));
        let settings = settings.collect::<Vec<_>>().join("; ");
        let definer = if function.is_definer { "; security definer" } else { "" };
        format!("{settings}{definer}{}", in_home(function.body, home))
    };
    latest_functions().iter().map(|function| (format!("function {}", function.name), definition(function))).collect()
}
