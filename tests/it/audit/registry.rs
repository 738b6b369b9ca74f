//! Every table is audited or explicitly exempt, in the program and in the database alike.

use crate::app::TestApp;
use entity::registry::{audited, unaudited};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::collections::BTreeSet;

/// Tables that nothing else in the program may write: internal tables of the audit log and the migrations.
const KEPT: [&str; 7] =
    ["audit_debt", "audit_entries", "audit_never", "audit_texts", "audit_texts_config", "audit_texts_data", "audit_texts_idx"];

on_each_database! {
    async fn every_table_is_audited_or_excused(app) {
        let registered = audited().into_iter().chain(unaudited().into_iter().map(|(table, _)| table));
        let known: BTreeSet<String> = registered.chain(KEPT).chain(["seaql_migrations"]).map(str::to_owned).collect();
        let unknown: Vec<_> = tables(app).await.difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "neither audited nor excused in registry.rs: {unknown:?}");
        assert!(unaudited().iter().all(|(_, because)| because.len() > 20));
    }

    async fn exactly_the_audited_tables_have_a_safeguard(app) {
        let audited: BTreeSet<String> = audited().into_iter().map(str::to_owned).collect();
        assert_eq!(netted(app).await, audited, "a migration has to add the net of a new audited table");
    }
}

async fn tables(app: &TestApp) -> BTreeSet<String> {
    names(
        app,
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
        "SELECT name FROM sqlite_master WHERE type = 'table'",
    )
    .await
}

async fn netted(app: &TestApp) -> BTreeSet<String> {
    names(
        app,
        "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname LIKE '%\\_audited' AND tgdeferrable",
        "SELECT tbl_name AS name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_audited\\_%' ESCAPE '\\' \
         GROUP BY 1 HAVING count(*) = 3",
    )
    .await
}

async fn names(app: &TestApp, postgres: &str, sqlite: &str) -> BTreeSet<String> {
    let backend = app.outside.get_database_backend();
    let sql = if backend == DbBackend::Postgres { postgres } else { sqlite };
    let rows = app.outside.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}
