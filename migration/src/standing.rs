//! Compares the schema of a database with this version: during a rolling upgrade it may belong to a newer version.

use super::Migrator;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeSet;

/// The suffix of a migration's name that makes the schema incompatible with versions that don't know the migration. They see the
/// name in the database and stop being ready.
pub const INCOMPATIBLE: &str = "_incompatible";

/// The state of the schema relative to this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Exactly this version's schema.
    Current,
    /// The schema of a newer version that this version can use.
    Newer,
    /// This many migrations of this version are not applied.
    Behind(usize),
    /// The schema of a newer version that this version can't use, with the first migration that makes it incompatible.
    TooNew(String),
}

/// Compares the applied migrations with those that this version knows, and writes nothing.
///
/// # Errors
///
/// If the database can't be queried.
pub async fn standing<C: ConnectionTrait>(db: &C) -> Result<Standing, DbErr> {
    let applied = Statement::from_string(db.get_database_backend(), "SELECT version FROM seaql_migrations");
    let rows = db.query_all_raw(applied).await?;
    let applied = rows.iter().map(|row| row.try_get("", "version")).collect::<Result<BTreeSet<String>, DbErr>>()?;
    let known: BTreeSet<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    Ok(compare(&known, &applied))
}

fn compare(known: &BTreeSet<String>, applied: &BTreeSet<String>) -> Standing {
    let mut unknown = applied.difference(known);
    if let Some(migration) = unknown.clone().find(|migration| migration.ends_with(INCOMPATIBLE)) {
        return Standing::TooNew(migration.clone());
    }
    match known.difference(applied).count() {
        0 if unknown.next().is_none() => Standing::Current,
        0 => Standing::Newer,
        missing => Standing::Behind(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_usable_unless_something_is_missing_or_a_name_rules_it_out() {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
        let known = names("m1_a m2_b_incompatible m3_c");
        for (applied, expected) in [
            ("m1_a m2_b_incompatible m3_c", Standing::Current),
            ("m1_a m2_b_incompatible m3_c m4_d", Standing::Newer),
            ("", Standing::Behind(3)),
            ("m1_a m3_c m4_d", Standing::Behind(1)),
            ("m1_a m2_b_incompatible m3_c m4_d m5_e_incompatible", Standing::TooNew("m5_e_incompatible".to_owned())),
            ("m1_a m5_e_incompatible", Standing::TooNew("m5_e_incompatible".to_owned())),
        ] {
            assert_eq!(compare(&known, &names(applied)), expected, "{applied}");
        }
    }
}
