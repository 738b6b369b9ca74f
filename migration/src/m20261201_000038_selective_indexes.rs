//! Indexes of the audit log for filters that find little, and of its texts by trigrams.
//!
//! Index entries of an ordinary entry (a success, by a user about a case, over the API, without a related user), without the
//! primary key and the index by transaction: before, six (action type, actor, case, related user, object, request); afterwards
//! also six (action type, actor, case, object, request, address), and its text. An entry without an actor or a case has fewer.
//!
//! On PostgreSQL the indexes are built beside the service's work, which no transaction allows, and each old one is dropped once
//! there is the new one. Interrupted, an index is invalid, and the next attempt makes it again. The extension `pg_trgm` is
//! created if the role may; without it, texts are searched in a period. On SQLite all of this is one transaction.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Each new index: its name, its columns and its condition.
const INDEXES: [(&str, &str, &str); 6] = [
    ("audit_entries_of_actor", "actor_id, id", "actor_id IS NOT NULL"),
    ("audit_entries_of_case", "case_id, id", "case_id IS NOT NULL"),
    ("audit_entries_of_related_user", "related_user_id, id", "related_user_id IS NOT NULL"),
    ("audit_entries_of_address", "ip_address, id", "ip_address IS NOT NULL"),
    ("audit_entries_of_outcome", "outcome, id", "outcome <> 'success'"),
    ("audit_entries_of_source", "source, id", "source <> 'automatic' AND source <> 'endpoint'"),
];

/// What the first three replace.
const REPLACED: [&str; 3] =
    ["audit_entries_by_actor_id_id", "audit_entries_by_case_id_id", "audit_entries_by_related_user_id_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        if schema.get_database_backend() == DbBackend::Postgres {
            return postgres(schema).await;
        }
        let transaction = schema.begin().await?;
        for (name, columns, condition) in INDEXES {
            let index = format!("CREATE INDEX {name} ON audit_entries ({columns}) WHERE {condition}");
            super::run(&transaction, "", &index).await?;
        }
        for name in REPLACED {
            super::run(&transaction, "", &format!("DROP INDEX {name}")).await?;
        }
        super::run(&transaction, "", TEXTS).await?;
        transaction.commit().await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}

async fn postgres(schema: &SchemaManager<'_>) -> Result<(), DbErr> {
    for (name, columns, condition) in INDEXES {
        let columns = format!("({columns}) WHERE {condition}");
        build(schema, name, &columns).await?;
    }
    for name in REPLACED {
        super::run(schema, &format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"), "").await?;
    }
    super::run(schema, EXTENSION, "").await?;
    let found = schema.get_connection().query_one_raw(Statement::from_string(DbBackend::Postgres, OPERATORS)).await?;
    match found {
        Some(row) => {
            let operators: String = row.try_get("", "operators")?;
            build(schema, "audit_entries_by_text", &format!("USING gin (search_text {operators})")).await
        }
        None => Ok(()),
    }
}

/// Builds an index beside the service's work; an invalid one of an interrupted attempt is dropped first.
async fn build(schema: &SchemaManager<'_>, name: &str, columns: &str) -> Result<(), DbErr> {
    super::run(schema, &format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"), "").await?;
    super::run(schema, &format!("CREATE INDEX CONCURRENTLY {name} ON audit_entries {columns}"), "").await
}

// Any failure: the role may not, the server lacks its files, or its provider forbids it.
const EXTENSION: &str = "
DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE 'without pg_trgm: %', SQLERRM;
END $$;
";

// The extension may be in a schema that is not in the search path.
const OPERATORS: &str = "SELECT quote_ident(n.nspname) || '.gin_trgm_ops' AS operators
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'pg_trgm' AND has_schema_privilege(n.oid, 'USAGE')";

// Without the texts themselves, which the entries have. Texts are in lower case, and folding is the service's own. Rows are
// numbered without gaps and never removed, so that the numbers stay.
const TEXTS: &str = "
CREATE VIRTUAL TABLE audit_texts USING fts5
  (search_text, content = '', columnsize = 0, tokenize = 'trigram case_sensitive 1');
INSERT INTO audit_texts (rowid, search_text) SELECT rowid, search_text FROM audit_entries ORDER BY rowid;
CREATE TRIGGER audit_entries_texts AFTER INSERT ON audit_entries
  BEGIN INSERT INTO audit_texts (rowid, search_text) VALUES (NEW.rowid, NEW.search_text); END;
";
