//! Updates that write into no index, on PostgreSQL.

use crate::app::{Kind, TestApp};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

/// How often the row is updated: few enough for the versions to fit into one page.
const UPDATES: i64 = 6;

/// What every change sets besides its own columns.
const CHANGES: [(&str, &str); 2] = [
    ("cases", "UPDATE cases SET special_notes = 'n', version = version + 1, updated_at = updated_at + interval '1 second'"),
    ("users", "UPDATE users SET phone_number = '1', version = version + 1, updated_at = updated_at + interval '1 second'"),
];

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "updates outside the service, which are rolled back")]
async fn an_ordinary_update_of_a_case_or_a_user_writes_into_no_index() {
    let Some(app) = TestApp::start(Kind::Postgres).await else { return };
    app.a_case().accepted().create().await;
    for (table, update) in CHANGES {
        let tx = app.outside.begin().await.unwrap();
        let one = format!("{update} WHERE id = (SELECT min(id::text)::uuid FROM {table})");
        for _ in 0..UPDATES {
            tx.execute_raw(Statement::from_string(DbBackend::Postgres, one.clone())).await.unwrap();
        }
        let counted = format!("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = '{table}'");
        let counted = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, counted)).await.unwrap().unwrap();
        let counted: (i64, i64) = (counted.try_get_by_index(0).unwrap(), counted.try_get_by_index(1).unwrap());
        assert_eq!(counted, (UPDATES, UPDATES), "{table}");
        tx.rollback().await.unwrap();
    }
    app.finish().await;
}
