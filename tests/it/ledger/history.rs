//! Entries from before the ledger: a database of an earlier version is upgraded with its log.
#![expect(clippy::disallowed_methods, reason = "these tests set up a database of an earlier version")]

use super::{ALL, ids, ids_of, sealed, write_entries};
use crate::app::{Fresh, Kind, START, Settings, TestApp, at, connect, empty};
use entity::clock::Clock;
use entity::db::Limits;
use entity::ledger::{self, Rest};
use entity::registry;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::collections::HashSet;
use tempfile::TempDir;
use uuid::Uuid;

/// More than two batches of entries. Half of them have ids from after the time at which the tests write: their host's clock was
/// ahead.
async fn fill(db: &DatabaseConnection, kind: Kind) {
    let amount = if kind == Kind::Sqlite { 1_200 } else { 12_000 };
    let (first, step) = (at(START).timestamp_millis() - 300_000, 600_000 / amount);
    let columns = "(id, occurred_at, action_type, outcome, actor_type, actor_label, object_type, object_id, topic, source, \
                   request_id, description, search_text, body)";
    let values = "'2026-12-01T15:00:00Z', 'cron_job_executed', 'success', 'system', 'System', 'job', 'generated', \
                  'nightly_import', 'job', 'r', 'generated', 'generated', '{\"changes\":{}}'";
    let sql = match kind {
        Kind::Sqlite => format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {amount}) \
             INSERT INTO audit_entries {columns} \
             SELECT unhex(printf('%012x', {first} + i * {step}) || printf('70009000%012x', i)), {values} FROM n"
        ),
        Kind::Postgres => format!(
            "INSERT INTO audit_entries {columns} \
             SELECT (lpad(to_hex({first} + i::bigint * {step}), 12, '0') || '70009000' || lpad(to_hex(i), 12, '0'))::uuid, \
             {values} FROM generate_series(1, {amount}) AS i"
        ),
    };
    db.execute_unprepared(&sql).await.unwrap();
}

/// A service on a database that was upgraded, and the entries from before that, in the order of their ids.
async fn upgraded(kind: Kind) -> Option<(TestApp, Vec<Uuid>)> {
    let (url, files) = match kind {
        Kind::Sqlite => {
            let folder = TempDir::new().unwrap();
            (format!("sqlite://{}?mode=rwc", folder.path().join("casetrail.db").display()), Some(folder))
        }
        Kind::Postgres => (empty().await?, None),
    };
    let db = connect(&url).await;
    let earlier = Migrator::migrations().iter().position(|migration| migration.name().ends_with("_ledger")).unwrap();
    Migrator::up(&db, u32::try_from(earlier).ok()).await.unwrap();
    fill(&db, kind).await;
    let history = ids_of(&db, ALL).await;
    Migrator::up(&db, None).await.unwrap();
    db.close().await.unwrap();
    let fresh = Fresh { url: url.clone(), owner: url.clone(), files };
    Some((TestApp::serve(kind, fresh, &url, Settings::default()).await, history))
}

/// Seals one batch in a process of its own.
async fn seal_once(app: &TestApp) -> ledger::Sealed {
    let limits = Limits { writers: 1, readers: 1, exports: 1, ..Limits::default() };
    let sealer = registry::connect(&app.url, limits, Clock::system(), None).await.unwrap();
    ledger::seal(&sealer, usize::MAX).await.unwrap()
}

#[tokio::test]
async fn entries_from_before_the_ledger_are_sealed_first_and_a_restart_continues_with_them() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some((app, history)) = upgraded(kind).await else { continue };
        let first = ledger::progress(&app.outside).await.unwrap();
        assert_eq!((first.last_sequence, first.history_done), (0, false), "{kind:?}");
        let mut count = 0;
        for _ in 0..2 {
            // While there are older ones, these wait, although their ids are smaller than those of some older ones.
            write_entries(&app, 3).await;
            let batch = seal_once(&app).await;
            assert_eq!((batch.rest, batch.history_done), (Rest::More, false), "{kind:?}");
            assert!(batch.entries > 0, "{kind:?}");
            count += usize::try_from(batch.entries).unwrap();
            assert_eq!(sealed(&app).await[..], history[..count], "{kind:?}");
        }
        assert!(count < history.len(), "{kind:?}: a part is left");
        // What is older comes first, and takes longer than a caller waits.
        app.app.wait_until_sealed().await;
        assert_eq!(sealed(&app).await.len(), count, "{kind:?}");
        let waiting = ledger::progress(&app.outside).await.unwrap().pending;

        let rest = app.seal().await;

        let known: HashSet<&Uuid> = history.iter().collect();
        let all = ids(&app).await;
        let later: Vec<Uuid> = all.iter().copied().filter(|id| !known.contains(id)).collect();
        assert_eq!(usize::try_from(waiting).unwrap(), later.len(), "{kind:?}");
        assert_eq!(usize::try_from(rest).unwrap(), all.len() - count, "{kind:?}");
        assert!(later.len() >= 6 && later.last() < history.last(), "{kind:?}");
        assert_eq!(sealed(&app).await, [history, later].concat(), "{kind:?}");
        assert!(ledger::progress(&app.outside).await.unwrap().history_done, "{kind:?}");
        app.finish().await;
    }
}
