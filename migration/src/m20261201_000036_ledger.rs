//! The ledger: each committed entry gets its place in a sequence without gaps, and until then it is pending.
//!
//! A trigger notes each new entry in `audit_pending`; a sealer takes it out again with the entry's leaf. What was in the log
//! before is history: neither pending nor sealed.
//!
//! On PostgreSQL the nets look for a transaction's entries among the pending ones instead of in the whole log, so the log's index
//! by `txid` goes. A pending row only leads to an entry: the entry itself has to be there, written by this very transaction. The
//! functions run with the rights of the owner of the tables, so that writing an entry needs no right on `audit_pending`, neither
//! for the serving role nor for that of an older replica.

use super::m20261201_000020_nets::{home, in_home, path};
use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        if schema.get_database_backend() != DbBackend::Postgres {
            return super::run(schema, "", &format!("{SQLITE} {STATE}")).await;
        }
        let home = home(schema.get_connection()).await?;
        super::run(schema, POSTGRES, "").await?;
        for function in &FUNCTIONS {
            super::run(schema, &function.sql(&home), "").await?;
        }
        for trigger in TRIGGERS {
            super::run(schema, trigger, "").await?;
        }
        super::run(schema, STATE, "").await
    }
}

/// A trigger function.
pub(crate) struct Function {
    pub name: &'static str,
    pub body: &'static str,
    /// Whether it runs with the rights of its owner.
    pub is_definer: bool,
}

impl Function {
    fn sql(&self, home: &str) -> String {
        let Self { name, body, is_definer } = self;
        let definer = if *is_definer { "SECURITY DEFINER " } else { "" };
        let settings: String = self.settings(home).into_iter().map(|(name, value)| format!("SET {name} = {value} ")).collect();
        format!(
            "CREATE OR REPLACE FUNCTION {home}.{name}() RETURNS trigger LANGUAGE plpgsql {definer}{settings}AS $${}$$",
            in_home(body, home)
        )
    }

    /// The settings that hold while it runs. Its plans are kept for as long as a connection lasts, also those that were made
    /// while the tables were empty: none may read a whole table.
    pub(crate) fn settings(&self, home: &str) -> Vec<(&'static str, String)> {
        let path = ("search_path", path(home));
        if self.is_definer { vec![path, ("enable_seqscan", "off".to_owned())] } else { vec![path] }
    }
}

/// The trigger functions that this migration makes or replaces.
pub(crate) const FUNCTIONS: [Function; 5] = [
    Function { name: "demand_entry", body: DEMAND_ENTRY, is_definer: true },
    Function { name: "demand_case_entry", body: DEMAND_CASE_ENTRY, is_definer: true },
    Function { name: "note_pending", body: NOTE_PENDING, is_definer: true },
    Function { name: "demand_leaf", body: DEMAND_LEAF, is_definer: true },
    Function { name: "demand_sequence", body: DEMAND_SEQUENCE, is_definer: true },
];

// OFFSET 0 keeps the planner to its order: first the pending rows of this transaction, by their index, then their entries, by the
// primary key.
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
        SELECT pending.entry_id FROM HOME.audit_pending AS pending
        WHERE pending.txid = pg_catalog.pg_current_xact_id() AND pending.object_id = changed::pg_catalog.text OFFSET 0
      ) AS pending CROSS JOIN LATERAL (
        SELECT entry.object_type, entry.object_id, entry.outcome, entry.xmin AS writer FROM HOME.audit_entries AS entry
        WHERE entry.id = pending.entry_id OFFSET 0
      ) AS entry
      WHERE entry.object_type = TG_ARGV[0] AND entry.object_id = changed::pg_catalog.text AND entry.outcome = 'success'
        AND entry.writer = pg_catalog.pg_current_xact_id()::pg_catalog.xid
    ) THEN
      RAISE EXCEPTION 'unaudited % on % %', TG_OP, TG_TABLE_NAME, changed USING ERRCODE = '23514';
    END IF;
  END LOOP;
  RETURN NULL;
END ";

const DEMAND_CASE_ENTRY: &str = "
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM (
      SELECT pending.entry_id FROM HOME.audit_pending AS pending
      WHERE pending.txid = pg_catalog.pg_current_xact_id() AND pending.object_id = NEW.case_id::pg_catalog.text OFFSET 0
    ) AS pending CROSS JOIN LATERAL (
      SELECT entry.object_type, entry.object_id, entry.outcome, entry.xmin AS writer FROM HOME.audit_entries AS entry
      WHERE entry.id = pending.entry_id OFFSET 0
    ) AS entry
    WHERE entry.object_type = 'case' AND entry.object_id = NEW.case_id::pg_catalog.text AND entry.outcome = 'success'
      AND entry.writer = pg_catalog.pg_current_xact_id()::pg_catalog.xid
  ) THEN
    RAISE EXCEPTION 'unaudited % on % %', TG_OP, TG_TABLE_NAME, NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END ";

// With the rights of the owner it would note whatever table it is attached to, also a temporary one.
const NOTE_PENDING: &str = "
BEGIN
  IF TG_RELID <> 'HOME.audit_entries'::pg_catalog.regclass THEN
    RAISE EXCEPTION 'only entries can be pending' USING ERRCODE = '42501';
  END IF;
  INSERT INTO HOME.audit_pending (entry_id, object_id) VALUES (NEW.id, NEW.object_id);
  RETURN NULL;
END ";

const DEMAND_LEAF: &str = "
BEGIN
  IF NOT EXISTS (SELECT 1 FROM HOME.ledger_leaves AS leaf WHERE leaf.entry_id = OLD.entry_id) THEN
    RAISE EXCEPTION '% keeps an entry until it is sealed (%)', TG_TABLE_NAME, OLD.entry_id USING ERRCODE = '42501';
  END IF;
  RETURN OLD;
END ";

// Once for all rows of a statement.
const DEMAND_SEQUENCE: &str = "
BEGIN
  IF EXISTS (
    SELECT 1 FROM (
      SELECT pg_catalog.min(sequence) AS lowest, pg_catalog.max(sequence) AS highest, pg_catalog.count(*) AS amount FROM added
    ) AS batch
    WHERE batch.highest - batch.lowest + 1 <> batch.amount
      OR (batch.lowest <> 1 AND NOT EXISTS (SELECT 1 FROM HOME.ledger_leaves AS leaf WHERE leaf.sequence = batch.lowest - 1))
  ) THEN
    RAISE EXCEPTION '% has no gaps (sequence)', TG_TABLE_NAME USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END ";

// The index first: its lock on the log is the strongest one, and is waited for while nothing else is held. From then on no entry
// is being written: those that exist are history, and each later one fires the trigger.
//
// Rows of `audit_pending` are short-lived, so it is vacuumed often and at full speed.
const POSTGRES: &str = "
DROP INDEX audit_entries_by_txid;
CREATE TABLE audit_pending (
  entry_id uuid PRIMARY KEY,
  object_id varchar(64) NOT NULL,
  txid xid8 NOT NULL DEFAULT pg_current_xact_id()
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000
);
CREATE INDEX audit_pending_by_txid_object_id ON audit_pending (txid, object_id);
CREATE TABLE ledger_leaves (
  sequence bigint PRIMARY KEY,
  entry_id uuid NOT NULL UNIQUE,
  leaf_hash bytea NOT NULL
);
CREATE TABLE ledger_state (
  id smallint PRIMARY KEY CHECK (id = 1),
  history_after uuid NULL,
  history_done boolean NOT NULL,
  generation int NOT NULL,
  zone varchar(64) NOT NULL,
  rules int NOT NULL,
  building int NULL,
  building_zone varchar(64) NULL,
  building_rules int NULL,
  building_through bigint NOT NULL DEFAULT 0
);
";

/// The triggers as PostgreSQL represents them, but for those of every append-only table.
pub(crate) const TRIGGERS: [&str; 8] = [
    "CREATE TRIGGER audit_entries_pending AFTER INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION note_pending()",
    // A row that is written by hand, not by a trigger.
    "CREATE TRIGGER audit_pending_noted BEFORE INSERT ON audit_pending FOR EACH ROW WHEN (pg_trigger_depth() = 0) \
     EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER audit_pending_unaltered BEFORE UPDATE ON audit_pending FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER audit_pending_sealed BEFORE DELETE ON audit_pending FOR EACH ROW EXECUTE FUNCTION demand_leaf()",
    "CREATE TRIGGER audit_pending_kept BEFORE TRUNCATE ON audit_pending FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER ledger_leaves_contiguous AFTER INSERT ON ledger_leaves REFERENCING NEW TABLE AS added FOR EACH STATEMENT \
     EXECUTE FUNCTION demand_sequence()",
    "CREATE TRIGGER ledger_leaves_unaltered BEFORE DELETE OR UPDATE ON ledger_leaves FOR EACH ROW \
     EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER ledger_leaves_kept BEFORE TRUNCATE ON ledger_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
];

// A row whose entry is not there, or is sealed, would stay forever.
const SQLITE: &str = "
CREATE TABLE audit_pending (entry_id uuid_text NOT NULL PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE ledger_leaves (
  sequence INTEGER NOT NULL PRIMARY KEY,
  entry_id uuid_text NOT NULL UNIQUE,
  leaf_hash blob NOT NULL
);
CREATE TABLE ledger_state (
  id integer NOT NULL PRIMARY KEY CHECK (id = 1),
  history_after uuid_text NULL,
  history_done boolean NOT NULL,
  generation integer NOT NULL,
  zone varchar(64) NOT NULL,
  rules integer NOT NULL,
  building integer NULL,
  building_zone varchar(64) NULL,
  building_rules integer NULL,
  building_through bigint NOT NULL DEFAULT 0
);

CREATE TRIGGER audit_entries_pending AFTER INSERT ON audit_entries BEGIN
  INSERT INTO audit_pending (entry_id) VALUES (NEW.id);
END;
CREATE TRIGGER audit_pending_noted BEFORE INSERT ON audit_pending
  WHEN NOT EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.entry_id)
    OR EXISTS (SELECT 1 FROM ledger_leaves WHERE entry_id = NEW.entry_id)
  BEGIN SELECT RAISE(ABORT, 'audit_pending is append-only (INSERT)'); END;
CREATE TRIGGER audit_pending_unaltered BEFORE UPDATE ON audit_pending
  BEGIN SELECT RAISE(ABORT, 'audit_pending is append-only (UPDATE)'); END;
CREATE TRIGGER audit_pending_sealed BEFORE DELETE ON audit_pending
  WHEN NOT EXISTS (SELECT 1 FROM ledger_leaves WHERE entry_id = OLD.entry_id)
  BEGIN SELECT RAISE(ABORT, 'audit_pending keeps an entry until it is sealed'); END;

CREATE TRIGGER ledger_leaves_contiguous BEFORE INSERT ON ledger_leaves
  WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM ledger_leaves)
  BEGIN SELECT RAISE(ABORT, 'ledger_leaves has no gaps (sequence)'); END;
CREATE TRIGGER ledger_leaves_not_replaced BEFORE INSERT ON ledger_leaves
  WHEN EXISTS (SELECT 1 FROM ledger_leaves WHERE entry_id = NEW.entry_id)
  BEGIN SELECT RAISE(ABORT, 'ledger_leaves is append-only (REPLACE)'); END;
CREATE TRIGGER ledger_leaves_unaltered BEFORE UPDATE ON ledger_leaves
  BEGIN SELECT RAISE(ABORT, 'ledger_leaves is append-only (UPDATE)'); END;
CREATE TRIGGER ledger_leaves_kept BEFORE DELETE ON ledger_leaves
  BEGIN SELECT RAISE(ABORT, 'ledger_leaves is append-only (DELETE)'); END;
";

/// An empty log has no history.
const STATE: &str = "
INSERT INTO ledger_state (id, history_done, generation, zone, rules)
  SELECT 1, NOT EXISTS (SELECT 1 FROM audit_entries), 1, '', 0;
";
