//! Makes the database fail, from outside the service.
#![expect(clippy::disallowed_methods, reason = "this deliberately breaks the database")]

use super::{Kind, TestApp};
use sea_orm::ConnectionTrait;

impl TestApp {
    /// Makes the database refuse every entry, as a full disk would.
    pub async fn refuse_entries(&self) {
        let statements: &[&str] = match self.kind {
            Kind::Sqlite => {
                &["CREATE TRIGGER disk_full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'disk full'); END"]
            }
            Kind::Postgres => &[
                "CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql
                   AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$",
                "CREATE TRIGGER disk_full BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION disk_full()",
            ],
        };
        for statement in statements {
            self.outside.execute_unprepared(statement).await.expect("a trigger");
        }
    }

    pub async fn accept_entries(&self) {
        let statement = match self.kind {
            Kind::Sqlite => "DROP TRIGGER disk_full",
            Kind::Postgres => "DROP TRIGGER disk_full ON audit_entries",
        };
        self.outside.execute_unprepared(statement).await.expect("no trigger");
    }

    /// Deletes the counters of attempts and readings, so that the next one is recorded, without passing time.
    pub async fn forget_readings(&self) {
        self.outside.execute_unprepared("DELETE FROM attempts").await.expect("no counters");
    }

    /// Makes a table disappear, as a failed migration would.
    pub async fn lose(&self, table: &str) {
        self.rename(table, &format!("{table}_lost")).await;
    }

    pub async fn find_again(&self, table: &str) {
        self.rename(&format!("{table}_lost"), table).await;
    }

    async fn rename(&self, from: &str, to: &str) {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        self.outside.execute_unprepared(&statement).await.expect("a table");
    }
}
