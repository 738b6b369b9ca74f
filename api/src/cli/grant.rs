//! Grants a PostgreSQL role the rights needed for serving and nothing else: the list is `entity::registry::privileges`.

use super::Failure;
use entity::db::Verb;
use entity::registry::privileges;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait};

/// Replaces all rights that the role had on the service's tables, at once. Can be repeated, and must be after a migration that
/// adds a table.
pub async fn to(db: &DatabaseConnection, role: &str) -> Result<(), Failure> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Err("--grant-to requires PostgreSQL: SQLite has no roles".into());
    }
    ensure_limitable(db, role).await?;
    let schema = text(db, "SELECT quote_ident(current_schema()::text) AS text", &[]).await?.unwrap_or_default();
    let database = text(db, "SELECT quote_ident(current_database()::text) AS text", &[]).await?.unwrap_or_default();
    #[expect(clippy::disallowed_methods, reason = "grants to a role, in one transaction; no row is written")]
    let tx = db.begin().await?;
    for statement in statements(&schema, &database, &quoted(role)) {
        #[expect(clippy::disallowed_methods, reason = "GRANT accepts no parameters; the names are quoted")]
        tx.execute_unprepared(&statement).await?;
    }
    ensure_limited(&tx, role).await?;
    Ok(tx.commit().await?)
}

/// The service's tables with what the role may do to them besides SELECT.
fn tables() -> Vec<(String, &'static [Verb])> {
    let schema_history = Migrator::migration_table_name().to_string();
    privileges().into_iter().map(|(table, verbs)| (table.to_owned(), verbs)).chain([(schema_history, &[][..])]).collect()
}

/// Refuses a role that has more rights than those granted here: by membership in another role, or as everyone has them.
async fn ensure_limited(db: &impl ConnectionTrait, role: &str) -> Result<(), Failure> {
    let more = "SELECT string_agg(verb || ' on ' || relname, ', ' ORDER BY relname, verb) AS text \
                FROM pg_class, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS verb \
                WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(string_to_array($2, ',')) \
                AND verb || ' ' || relname <> ALL(string_to_array($3, ',')) \
                AND has_table_privilege($1::text::name, pg_class.oid, verb)";
    let tables = tables();
    let names: Vec<&str> = tables.iter().map(|(table, _)| table.as_str()).collect();
    let granted = tables.iter().flat_map(|(table, verbs)| verbs.iter().map(move |verb| format!("{} {table}", verb.name())));
    let granted: Vec<String> = granted.collect();
    match text(db, more, &[role, &names.join(","), &granted.join(",")]).await? {
        None => Ok(()),
        Some(more) => Err(format!(
            "--grant-to: the role \"{role}\" has further rights from roles that it is a member of, or that PUBLIC has: {more}; \
             revoke them there, or choose another role"
        )
        .into()),
    }
}

fn statements(schema: &str, database: &str, role: &str) -> Vec<String> {
    let mut statements = vec![
        format!("GRANT CONNECT ON DATABASE {database} TO {role}"),
        format!("REVOKE ALL ON SCHEMA {schema} FROM {role}"),
        // Up to PostgreSQL 14 everyone may create objects in `public`. A role that doesn't own it can't change that, and gets a
        // warning.
        format!("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
        format!("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"),
    ];
    for (table, verbs) in tables() {
        let table = format!("{schema}.{}", quoted(&table));
        let verbs = std::iter::once("SELECT").chain(verbs.iter().map(|verb| verb.name())).collect::<Vec<_>>().join(", ");
        statements.push(format!("REVOKE ALL ON TABLE {table} FROM {role}"));
        statements.push(format!("GRANT {verbs} ON TABLE {table} TO {role}"));
    }
    statements
}

/// The role of this connection, if its rights would allow it to alter or empty the log.
pub async fn over_privileged(db: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let sql = "SELECT current_user::text AS text WHERE has_table_privilege('audit_entries', 'UPDATE, DELETE, TRUNCATE')";
    text(db, sql, &[]).await
}

/// Whether grants would limit the role at all: an owner, a member of the owner's role or a superuser needs no grant.
async fn ensure_limitable(db: &DatabaseConnection, role: &str) -> Result<(), Failure> {
    if role.contains('\0') || text(db, "SELECT rolname::text AS text FROM pg_roles WHERE rolname = $1", &[role]).await?.is_none()
    {
        return Err(format!("--grant-to: the role \"{role}\" does not exist: create it first, with LOGIN and a password").into());
    }
    let by_whom = "SELECT current_user::text AS text FROM pg_class \
                   WHERE oid = to_regclass('audit_entries') AND NOT pg_has_role(current_user, relowner, 'MEMBER')";
    // PostgreSQL would only warn, and grant nothing.
    if let Some(by_whom) = text(db, by_whom, &[]).await? {
        return Err(format!("--grant-to: only the owner of the tables can grant rights on them, and \"{by_whom}\" is not").into());
    }
    let owner = "SELECT pg_get_userbyid(relowner)::text AS text FROM pg_class \
                 WHERE oid = to_regclass('audit_entries') AND pg_has_role($1::text::name, relowner, 'MEMBER')";
    match text(db, owner, &[role]).await? {
        None => Ok(()),
        Some(owner) => Err(format!(
            "--grant-to: the role \"{role}\" is a superuser, the owner of the tables (\"{owner}\") or a member of it, so \
             grants would not limit it: choose another role"
        )
        .into()),
    }
}

/// The first row's text; `None` if there is no row, or the text is null.
async fn text(db: &impl ConnectionTrait, sql: &str, values: &[&str]) -> Result<Option<String>, DbErr> {
    let values = values.iter().map(|value| (*value).into());
    let row = db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    row.map(|row| row.try_get::<Option<String>>("", "text")).transpose().map(Option::flatten)
}

/// A name quoted for SQL, with any characters in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_name_is_quoted_as_an_identifier() {
        assert_eq!(quoted(r#"app"; DROP TABLE cases; --"#), r#""app""; DROP TABLE cases; --""#);
    }

    #[test]
    fn only_select_and_insert_are_granted_on_the_audit_log() {
        let statements = statements("public", "casetrail", "\"app\"");
        let on_log: Vec<_> =
            statements.iter().filter(|line| line.contains("audit_entries") && line.starts_with("GRANT")).collect();
        assert_eq!(on_log, ["GRANT SELECT, INSERT ON TABLE public.\"audit_entries\" TO \"app\""]);
        assert!(statements.iter().any(|line| line == "GRANT SELECT ON TABLE public.\"seaql_migrations\" TO \"app\""));
        assert!(
            !statements.iter().any(|line| line.contains("TRUNCATE") || line.contains("TRIGGER") || line.contains("REFERENCES"))
        );
    }
}
