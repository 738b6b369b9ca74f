//! A list that begins while more transactions are open than its cursor can tell apart.

use super::world::{ids, pages};
use crate::app::{Server, Settings, TestApp, Volume};
use entity::clock::Clock;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, TransactionTrait};

/// How many a cursor tells apart: `OPEN_MAX` of `entity/src/period/seen.rs`.
const TOLD_APART: usize = 32;

/// A transaction that the database knows of, since it has a number.
#[expect(clippy::disallowed_methods, reason = "a transaction of another program")]
async fn open(url: &str) -> (DatabaseConnection, DatabaseTransaction) {
    let connection = Database::connect(url).await.expect("a connection");
    let transaction = connection.begin().await.expect("a transaction");
    transaction.execute_unprepared("SELECT pg_current_xact_id()").await.expect("a number");
    (connection, transaction)
}

/// On a server of its own: every list of a server ends before such transactions.
#[tokio::test]
async fn a_list_ends_before_what_its_pages_could_not_tell_apart() {
    let Some(volume) = Volume::mount(224) else { return };
    let Some(server) = Server::start(&volume) else { return };
    let app = TestApp::start_at(&server.url(), Settings { clock: Clock::system(), ..Settings::default() }).await;
    let by = app.as_manager().await;
    app.a_case().accepted().create().await;
    let known = ids(&pages(&by, "audit-log?limit=2").await);
    assert!(known.len() > 4, "{known:?}");
    let mut transactions = Vec::new();
    for _ in 0..TOLD_APART {
        transactions.push(open(&server.url()).await);
    }
    app.a_case().create().await;
    let all = ids(&pages(&by, "audit-log?limit=3").await);
    assert!(all.len() > known.len() + 1 && all.ends_with(&known), "so many are told apart: {all:?}");

    transactions.push(open(&server.url()).await);
    app.a_case().create().await;
    let first = by.get("audit-log?limit=200").await.expect(200);
    let listed = ids(&pages(&by, "audit-log?limit=4").await);

    assert_eq!(ids(first["data"].as_array().expect("entries")), listed, "one page shows what several do");
    assert_eq!(listed, all, "the last case is left out");
    let last = ids(&app.all_entries().await);
    for (connection, transaction) in transactions {
        transaction.rollback().await.expect("its end");
        connection.close().await.expect("its end");
    }
    let after = ids(&pages(&by, "audit-log?limit=5").await);
    assert!(last.len() > listed.len() && last.iter().all(|id| after.contains(id)), "it is shown once they have ended");
    app.finish().await;
}
