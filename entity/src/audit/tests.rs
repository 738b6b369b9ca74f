//! Tests of what can't be attempted from outside: `save` accepts no connection and runs one write at a time, so only the crate
//! itself could use a wrong connection, or two; all of it is decided before a statement is sent, so SQLite represents both
//! databases.

use super::{Actor, AuditTx, Context};
use crate::clock::Clock;
use crate::db::{Db, Limits};
use crate::user::{self, Role};
use migration::{Migrator, MigratorTrait};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, Database, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel};
use std::pin::pin;
use std::task::{Poll, Waker};
use tempfile::TempDir;

struct World {
    db: Db,
    outside: DatabaseConnection,
    user: user::Model,
    _folder: TempDir,
}

impl World {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("audit.db").display());
        let outside = Database::connect(&url).await.unwrap();
        Migrator::up(&outside, None).await.unwrap();
        let db = crate::registry::connect(&url, Limits::default(), Clock::system(), None).await.unwrap();
        let tx = begin(&db).await;
        let user = tx.save(a_user(&tx)).await.unwrap();
        tx.commit().await.unwrap();
        Self { db, outside, user, _folder: folder }
    }

    fn renamed(&self) -> user::ActiveModel {
        let mut row = self.user.clone().into_active_model();
        row.first_name = Set("Augusta".into());
        row
    }

    async fn assert_unchanged(&self) {
        assert_eq!(user::Entity::find().one(&self.outside).await.unwrap().as_ref(), Some(&self.user));
    }
}

async fn begin(db: &Db) -> AuditTx {
    let actor = Actor::System;
    let request_id = "unit-test".into();
    let context = Context { actor, api_key: None, in_job: true, request_id, ip_address: None, user_agent: None };
    AuditTx::begin(db, context).await.unwrap()
}

fn a_user(tx: &AuditTx) -> user::ActiveModel {
    user::ActiveModel {
        id: Set(tx.new_id()),
        username: Set("ada".into()),
        email: Set("ada@example.org".into()),
        first_name: Set("Ada".into()),
        last_name: Set("Byron".into()),
        role: Set(Role::Manager),
        is_active: Set(true),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_hook_on_another_connection_is_refused() {
    let world = World::start().await;
    let tx = begin(&world.db).await;
    let refused = tx.during(world.renamed().update(&world.outside)).await.unwrap_err();
    assert!(refused.to_string().contains("another connection"), "{refused}");
    assert!(tx.commit().await.is_err());
    world.assert_unchanged().await;
}

#[tokio::test]
async fn two_writes_at_once_are_refused() {
    let world = World::start().await;
    let tx = begin(&world.db).await;
    let nested = tx.during(async { tx.save(world.renamed()).await }).await.unwrap_err();
    assert!(nested.to_string().contains("two writes at once"), "{nested}");
    assert!(tx.commit().await.is_err());
    world.assert_unchanged().await;
}

#[tokio::test]
async fn an_interrupted_write_cannot_be_committed() {
    let world = World::start().await;
    let tx = begin(&world.db).await;
    {
        // The caller disconnects between the row and its entry.
        let write = pin!(tx.during(std::future::pending::<Result<(), DbErr>>()));
        assert!(matches!(write.poll(&mut std::task::Context::from_waker(Waker::noop())), Poll::Pending));
    }
    let broken = tx.commit().await.unwrap_err();
    assert!(broken.to_string().contains("rolled back"), "{broken}");
    world.assert_unchanged().await;
}

#[tokio::test]
async fn the_probe_notices_a_commit_that_stores_nothing() {
    let (World { db, _folder, .. }, other) = (World::start().await, World::start().await);
    AuditTx::probe(&db).await.unwrap();
    let refused = AuditTx::probe(&db.reading_from(&other.db)).await.unwrap_err();
    assert!(refused.to_string().contains("the committed data was not stored"), "{refused}");
}
