//! Locks on PostgreSQL: rows that are locked from outside the service, and transactions that wait for them.

use super::TestApp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait};
use std::time::Duration;

impl TestApp {
    /// Locks a row from outside the service, until the transaction ends.
    #[expect(clippy::disallowed_methods, reason = "a lock outside the service")]
    pub async fn keep(&self, table: &str, id: &str) -> DatabaseTransaction {
        let tx = self.outside.begin().await.expect("a transaction");
        let sql = format!("SELECT 1 FROM {table} WHERE id = '{id}' FOR UPDATE");
        tx.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.expect("a lock").expect("a row");
        tx
    }

    /// Waits until this many of the service's transactions wait for a lock.
    pub async fn until_waiting(&self, count: i64) {
        let sql =
            "SELECT count(*) AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let waiting = async {
            loop {
                let row = self.outside.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.expect("a response");
                if row.expect("a row").try_get::<i64>("", "waiting").expect("a number") >= count {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("transactions wait for a lock");
    }
}
