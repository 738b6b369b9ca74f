//! The database role of the service: it has the rights the program needs and none that would allow altering the log.
#![expect(clippy::disallowed_methods, reason = "these tests do what the program may not")]

use crate::app::{Fresh, Kind, Process, SERVING, TestApp, casetrail_migrate, connect, fresh};
use entity::audit::Verb;
use entity::registry::privileges;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};
use uuid::Uuid;

const VERBS: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];

/// The rights of a role on each table of the database.
async fn rights(db: &DatabaseConnection, role: &str) -> BTreeMap<String, Vec<&'static str>> {
    let mut rights = BTreeMap::new();
    for verb in VERBS {
        let sql = "SELECT tablename::text AS name, has_table_privilege($1::text::name, quote_ident(tablename), $2) AS may \
                   FROM pg_tables WHERE schemaname = 'public'";
        let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, [role.into(), verb.into()]);
        for row in db.query_all_raw(ask).await.unwrap() {
            let verbs: &mut Vec<_> = rights.entry(row.try_get("", "name").unwrap()).or_default();
            if row.try_get("", "may").unwrap() {
                verbs.push(verb);
            }
        }
    }
    rights
}

fn listed() -> BTreeMap<String, Vec<&'static str>> {
    let verbs = |verbs: &[Verb]| {
        let among = |verb: &&&str| **verb == "SELECT" || verbs.iter().any(|listed| listed.name() == **verb);
        VERBS.iter().filter(among).copied().collect()
    };
    let listed = privileges().into_iter().chain([("seaql_migrations", &[][..])]);
    listed.map(|(table, listed)| (table.to_owned(), verbs(listed))).collect()
}

#[tokio::test]
async fn the_serving_role_has_exactly_the_listed_rights() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    let rights = rights(&app.outside, SERVING).await;
    assert_eq!(rights, listed());
    assert_eq!(rights["audit_entries"], ["SELECT", "INSERT"]);
    let serving = connect(&app.url).await;
    app.a_case().pending_review().create().await;
    for sql in [
        "UPDATE audit_entries SET body = ''",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "DELETE FROM cases",
        "UPDATE case_reviews SET notes = ''",
        "DELETE FROM seaql_migrations",
        "CREATE TABLE mine (id integer)",
        "CREATE FUNCTION public.now() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "DROP TRIGGER audit_entries_unaltered ON audit_entries",
        "ALTER TABLE audit_entries DISABLE TRIGGER USER",
        "CREATE OR REPLACE FUNCTION demand_entry() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
    ] {
        let refused = serving.execute_unprepared(sql).await.expect_err(sql).to_string();
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{sql}: {refused}");
    }
    app.finish().await;
}

#[tokio::test]
async fn rights_can_be_granted_to_any_role_name_repeatedly() {
    let Some(Fresh { owner, .. }) = fresh(Kind::Postgres).await else { return };
    let db = connect(&owner).await;
    let role = format!("o'Neil \"{}\"; DROP TABLE cases; --", Uuid::new_v4().simple());
    let quoted = format!("\"{}\"", role.replace('"', "\"\""));
    db.execute_unprepared(&format!("CREATE ROLE {quoted}")).await.unwrap();
    db.execute_unprepared(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {quoted}")).await.unwrap();
    for _ in 0..2 {
        let done = casetrail_migrate(&owner, &["--grant-to", &role]).await;
        assert!(done.status.success(), "{}", said(&done));
        assert_eq!(rights(&db, &role).await, listed());
    }
    db.execute_unprepared(&format!("DROP OWNED BY {quoted}; DROP ROLE {quoted}")).await.unwrap();
}

#[tokio::test]
async fn an_impossible_grant_is_refused_with_its_cause() {
    let Some(Fresh { owner, url, .. }) = fresh(Kind::Postgres).await else { return };
    for (by, role, why) in [
        (&owner, "no-such-role", "the role \"no-such-role\" does not exist"),
        (&owner, "public", "the role \"public\" does not exist"),
        (&owner, "", "the role \"\" does not exist"),
        (&owner, "postgres", "the role \"postgres\" is a superuser"),
        (&url, "pg_monitor", "only the owner of the tables can grant"),
    ] {
        let refused = casetrail_migrate(by, &["--grant-to", role]).await;
        assert!(!refused.status.success() && said(&refused).contains(why), "{role}: {}", said(&refused));
    }
    let outside = connect(&owner).await;
    let role = format!("app_{}", uuid::Uuid::new_v4().simple());
    outside.execute_unprepared(&format!("CREATE ROLE {role}; GRANT pg_write_all_data TO {role}")).await.unwrap();
    let refused = casetrail_migrate(&owner, &["--grant-to", &role]).await;
    assert!(!refused.status.success() && said(&refused).contains("DELETE on audit_entries"), "{}", said(&refused));
    let for_all = format!("REVOKE pg_write_all_data FROM {role}; GRANT UPDATE, DELETE ON cases TO PUBLIC");
    outside.execute_unprepared(&for_all).await.unwrap();
    let refused = casetrail_migrate(&owner, &["--grant-to", &role]).await;
    assert!(!refused.status.success() && said(&refused).contains("PUBLIC has: DELETE on cases;"), "{}", said(&refused));
    outside.execute_unprepared("REVOKE ALL ON cases FROM PUBLIC").await.unwrap();
    assert!(casetrail_migrate(&owner, &["--grant-to", &role]).await.status.success());
    outside.execute_unprepared(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
    let sqlite = fresh(Kind::Sqlite).await.unwrap();
    let refused = casetrail_migrate(&sqlite.owner, &["--grant-to", "app"]).await;
    assert!(!refused.status.success() && said(&refused).contains("SQLite has no roles"), "{}", said(&refused));
}

#[tokio::test]
async fn the_service_starts_without_ddl_rights_and_refuses_an_outdated_schema_with_a_remedy() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    Process::start(&app).await.terminate(std::time::Duration::from_secs(60)).await;
    let last = "DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)";
    app.outside.execute_unprepared(last).await.unwrap();
    let refused = serve(&app).await;
    let words =
        "the database role may not change the schema, which does not match this version: run `casetrail migrate --grant-to ROLE`";
    assert!(!refused.status.success() && said(&refused).contains(words), "{}", said(&refused));
    let hidden = format!("REVOKE ALL ON seaql_migrations FROM {SERVING}");
    app.outside.execute_unprepared(&hidden).await.unwrap();
    let refused = serve(&app).await;
    assert!(
        !refused.status.success() && said(&refused).contains("run `casetrail migrate --grant-to ROLE`"),
        "{}",
        said(&refused)
    );
}

/// Starts the service, which is expected to exit by itself.
async fn serve(app: &TestApp) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    command.arg("serve").env("CASETRAIL_BIND", "127.0.0.1:0").env("CASETRAIL_DATABASE_URL", &app.url);
    command.env("CASETRAIL_SECRET", app.secret.reveal()).env("CASETRAIL_DEMO", "off").stdin(Stdio::null());
    command.env("CASETRAIL_DATA_DIR", app.documents.path());
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
