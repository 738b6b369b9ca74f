//! Closes the holes in the safety nets: nothing that a session brings along is mistaken for the schema, and only the entry of the
//! change itself settles it.
//!
//! PostgreSQL's functions resolve names only in the catalogue and in the schema of the tables. An entry counts if this very
//! transaction wrote it: `txid` leads to it by an index, and `xmin`, which can't be written, proves it, since a transaction's
//! number can be predicted and occurs again where a dump is restored. No clock is consulted: the service's clock may differ from
//! the database's, and a history is filled in with entries from years ago. An entry that is written under a savepoint doesn't
//! count.
//!
//! SQLite's debt records after how many entries it was created, and can be removed only if a later entry is about its row. Rows
//! of the log are numbered without gaps, so that no entry can be placed before a debt or replace another entry.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend, sea_orm::Statement};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// An audited table.
pub(crate) struct Audited {
    pub table: &'static str,
    /// The `object_type` of its entries.
    pub object: &'static str,
    /// Which other row a new one would conflict with in a unique index: SQLite's REPLACE removes it without firing a trigger.
    pub rival: &'static str,
}

pub(crate) const AUDITED: [Audited; 6] = [
    Audited { table: "cases", object: "case", rival: "other.case_number = NEW.case_number" },
    Audited {
        table: "credit_allowances",
        object: "credit_allowance",
        rival: "(other.member_id = NEW.member_id AND other.quarter = NEW.quarter)",
    },
    Audited {
        table: "documents",
        object: "document",
        rival: "(other.case_id = NEW.case_id AND other.report_number = NEW.report_number \
                AND other.deleted_at IS NULL AND NEW.deleted_at IS NULL)",
    },
    Audited { table: "notes", object: "note", rival: "FALSE" },
    Audited { table: "settings", object: "settings", rival: "FALSE" },
    Audited { table: "users", object: "user", rival: "other.username = NEW.username OR other.email = NEW.email" },
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        match schema.get_database_backend() {
            DbBackend::Postgres => {
                let home = home(schema.get_connection()).await?;
                for (name, body) in FUNCTIONS {
                    super::run(schema, &function(&home, name, body), "").await?;
                }
            }
            _ => super::run(schema, "", SQLITE).await?,
        }
        for audited in &AUDITED {
            let AuditedSql { postgres, sqlite } = audited.sql();
            super::run(schema, &postgres, &sqlite).await?;
        }
        Ok(())
    }
}

/// The schema that contains the tables, as an SQL identifier.
pub(crate) async fn home<C: ConnectionTrait>(db: &C) -> Result<String, DbErr> {
    let sql = "SELECT quote_ident(current_schema()::text) AS name";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let name = row.map(|row| row.try_get::<Option<String>>("", "name")).transpose()?.flatten();
    name.ok_or_else(|| DbErr::Custom("no schema on the search path exists".to_owned()))
}

/// The search path of a function. Temporary tables come first unless they are given an explicit place.
pub(crate) fn path(home: &str) -> String {
    format!("pg_catalog, {home}, pg_temp")
}

fn function(home: &str, name: &str, body: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {home}.{name}() RETURNS trigger LANGUAGE plpgsql SET search_path = {} AS $${}$$",
        path(home),
        in_home(body, home)
    )
}

/// The body of a function, with all names qualified by their schema.
pub(crate) fn in_home(body: &str, home: &str) -> String {
    body.replace("HOME.", &format!("{home}."))
}

/// The trigger functions by name.
pub(crate) const FUNCTIONS: [(&str, &str); 3] =
    [("demand_entry", DEMAND_ENTRY), ("refuse_change", REFUSE_CHANGE), ("refuse_emptying", REFUSE_EMPTYING)];

// OFFSET 0 keeps the planner to the index that starts with the transaction: by object it would read every entry that the row ever
// had.
const DEMAND_ENTRY: &str = "
DECLARE
  changed uuid;
  owing uuid[] := CASE
    WHEN TG_OP = 'DELETE' THEN ARRAY[OLD.id]
    WHEN TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN ARRAY[OLD.id, NEW.id]
    ELSE ARRAY[NEW.id]
  END;
BEGIN
  FOREACH changed IN ARRAY owing LOOP
    IF NOT EXISTS (
      SELECT 1 FROM (
        SELECT entry.object_type, entry.outcome, entry.xmin AS writer FROM HOME.audit_entries AS entry
        WHERE entry.txid = pg_catalog.pg_current_xact_id() AND entry.object_id = changed::pg_catalog.text OFFSET 0
      ) AS entry
      WHERE entry.object_type = TG_ARGV[0] AND entry.outcome = 'success'
        AND entry.writer = pg_catalog.pg_current_xact_id()::pg_catalog.xid
    ) THEN
      RAISE EXCEPTION 'unaudited % on % %', TG_OP, TG_TABLE_NAME, changed USING ERRCODE = '23514';
    END IF;
  END LOOP;
  RETURN NULL;
END ";

const REFUSE_CHANGE: &str = "
BEGIN
  RAISE EXCEPTION '% is append-only (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = '42501';
END ";

const REFUSE_EMPTYING: &str = "
BEGIN
  RAISE EXCEPTION 'unaudited % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END ";

/// The number of entries: rows are numbered without gaps.
const ENTRIES: &str = "(SELECT coalesce(max(rowid), 0) FROM audit_entries)";

const SQLITE: &str = "
ALTER TABLE audit_debt ADD COLUMN entries_before INTEGER NOT NULL DEFAULT 0;
UPDATE audit_debt SET entries_before = (SELECT coalesce(max(rowid), 0) FROM audit_entries);

DROP TRIGGER audit_debt_settled;
CREATE TRIGGER audit_debt_settled AFTER INSERT ON audit_entries WHEN NEW.outcome = 'success' BEGIN
  DELETE FROM audit_debt WHERE object_type = NEW.object_type AND object_id = replace(NEW.object_id, '-', '');
END;
CREATE TRIGGER audit_debt_true BEFORE INSERT ON audit_debt
  WHEN NEW.entries_before IS NOT (SELECT coalesce(max(rowid), 0) FROM audit_entries)
  BEGIN SELECT RAISE(ABORT, 'audit_debt is settled by entries alone (INSERT)'); END;
CREATE TRIGGER audit_debt_unaltered BEFORE UPDATE ON audit_debt
  BEGIN SELECT RAISE(ABORT, 'audit_debt is settled by entries alone (UPDATE)'); END;
CREATE TRIGGER audit_debt_kept BEFORE DELETE ON audit_debt
  WHEN (
    SELECT 1 FROM audit_entries
    WHERE rowid > OLD.entries_before AND +object_type = OLD.object_type AND outcome = 'success'
      AND replace(object_id, '-', '') = OLD.object_id
    ORDER BY rowid DESC LIMIT 1
  ) IS NULL
  BEGIN SELECT RAISE(ABORT, 'audit_debt is settled by entries alone (DELETE)'); END;
CREATE TRIGGER audit_never_filled BEFORE INSERT ON audit_never
  BEGIN SELECT RAISE(ABORT, 'audit_debt is settled by entries alone (audit_never)'); END;

CREATE TRIGGER audit_entries_numbered AFTER INSERT ON audit_entries
  WHEN NEW.rowid <> 1 AND NOT EXISTS (SELECT 1 FROM audit_entries WHERE rowid = NEW.rowid - 1)
  BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only (rowid)'); END;
DROP TRIGGER audit_entries_not_replaced;
CREATE TRIGGER audit_entries_not_replaced BEFORE INSERT ON audit_entries
  WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM audit_entries WHERE rowid = NEW.rowid)
  BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only (REPLACE)'); END;
DROP TRIGGER case_reviews_not_replaced;
CREATE TRIGGER case_reviews_not_replaced BEFORE INSERT ON case_reviews
  WHEN EXISTS (SELECT 1 FROM case_reviews WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM case_reviews WHERE rowid = NEW.rowid)
  BEGIN SELECT RAISE(ABORT, 'case_reviews is append-only (REPLACE)'); END;
";

/// The SQL that this migration adds to one table's net.
struct AuditedSql {
    postgres: String,
    sqlite: String,
}

impl Audited {
    fn sql(&self) -> AuditedSql {
        let Self { table, .. } = self;
        AuditedSql {
            postgres: self.kept(),
            sqlite: format!(
                "DROP TRIGGER {table}_audited_insert; DROP TRIGGER {table}_audited_update; DROP TRIGGER {table}_audited_delete; "
            ) + &self.run_up(),
        }
    }

    /// PostgreSQL's trigger against TRUNCATE, as PostgreSQL represents it.
    pub(crate) fn kept(&self) -> String {
        let Self { table, .. } = self;
        format!("CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying()")
    }

    /// SQLite's triggers that record the debt.
    ///
    /// They check for an existing debt instead of ignoring a conflict: a statement with its own conflict resolution, such as an
    /// upsert, applies it to the statements of the triggers as well.
    fn run_up(&self) -> String {
        let Self { table, object, rival } = self;
        let owed_by = |row: &str, which: &str| {
            format!(
                "INSERT INTO audit_debt (object_type, object_id, entries_before)
                   SELECT '{object}', lower(hex({row}.id)), {ENTRIES} {which}
                   NOT EXISTS (SELECT 1 FROM audit_debt WHERE object_type = '{object}' AND object_id = lower(hex({row}.id)));"
            )
        };
        let after = |event: &str, rows: &[&str]| {
            let debts: String = rows.iter().map(|row| owed_by(row, "WHERE")).collect();
            format!("CREATE TRIGGER {table}_audited_{event} AFTER {event} ON {table} BEGIN {debts} END; ")
        };
        let before = |event: &str| {
            let replaced = format!("FROM {table} AS other WHERE other.id <> NEW.id AND (other.rowid = NEW.rowid OR {rival}) AND");
            let debts = owed_by("other", &replaced);
            format!("CREATE TRIGGER {table}_replaced_{event} BEFORE {event} ON {table} BEGIN {debts} END; ")
        };
        [
            after("insert", &["NEW"]),
            after("update", &["OLD", "NEW"]),
            after("delete", &["OLD"]),
            before("insert"),
            before("update"),
        ]
        .concat()
    }
}
