//! Writes a history into an empty database, one chapter per transaction.

use super::{Chapter, DemoError, NAMED, Plan, generate};
use chrono::{DateTime, Utc};
use entity::audit::{AuditTx, Context};
use entity::case::{member_update, number};
use entity::db::Db;
use entity::job::{overdue_hold, run};
use entity::user::credential;
use entity::{alert, outbox, review, setting, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use std::collections::HashMap;
use uuid::Uuid;

/// Below the number of bound parameters that both databases allow in one statement, for any row.
const ROWS_A_STATEMENT: usize = 500;

/// The password of a demo user.
pub fn password_of(username: &str) -> String {
    format!("{username}-demo-pass")
}

/// Fills an empty database. `hash` returns the stored form of a password, `store` stores the content of documents by their ids,
/// `progress` receives the number of entries written.
pub async fn fill<H>(
    db: &Db,
    plan: Plan,
    seed: u64,
    now: DateTime<Utc>,
    hash: H,
    store: impl AsyncFn(Vec<(Uuid, Vec<u8>)>) -> Result<(), String>,
    mut progress: impl FnMut(u64),
) -> Result<u64, DemoError>
where
    H: Fn(&str) -> Result<String, String> + Sync,
{
    if user::Entity::find().count(db.readers()).await? > 0 {
        return Err(DemoError::NotEmpty);
    }
    let zone = setting::current(db.readers()).await?.zone()?;
    let hashes = hashes(&hash)?;
    let mut generator = generate(plan, seed, now, zone)?;
    let mut written = 0;
    for chapter in generator.by_ref() {
        let mut chapter = chapter?;
        // As in an upload: no row exists without its content.
        store(std::mem::take(&mut chapter.files)).await.map_err(DemoError::Storage)?;
        written += write(db, chapter, &hashes).await?;
        progress(written);
    }
    let tx = begin(db).await?;
    for (id, at) in generator.last_logins() {
        #[expect(clippy::disallowed_methods, reason = "an unaudited table; logins have their own audit entries")]
        let credentials = credential::Entity::update_many();
        let login = credentials.col_expr(credential::Column::LastLoginAt, Expr::value(at));
        login.filter(credential::Column::UserId.eq(id)).exec(&tx).await?;
    }
    tx.commit().await?;
    Ok(written)
}

async fn begin(db: &Db) -> Result<AuditTx, DemoError> {
    let context = Context::job(db.clock().id(db.clock().now()));
    Ok(AuditTx::begin(db, context).await?)
}

/// The stored passwords of the users that have one; hashing is slow, so it is done in parallel.
fn hashes<H>(hash: &H) -> Result<HashMap<String, String>, DemoError>
where
    H: Fn(&str) -> Result<String, String> + Sync,
{
    std::thread::scope(|scope| {
        let made = NAMED.map(|name| (name, scope.spawn(move || hash(&password_of(name)))));
        let made = made.into_iter().map(|(name, making)| {
            let hash = making.join().map_err(|_| DemoError::Hash("it panicked".to_owned()))?;
            Ok((name.to_owned(), hash.map_err(DemoError::Hash)?))
        });
        made.collect()
    })
}

async fn write(db: &Db, chapter: Chapter, hashes: &HashMap<String, String>) -> Result<u64, DemoError> {
    let Chapter { history, reviews, member_updates, case_numbers, alerts, mails, runs, overdue_holds, files: _ } = chapter;
    let entries = u64::try_from(history.entries.len()).unwrap_or(u64::MAX);
    let credentials: Vec<credential::Model> = history.users.iter().map(|row| credential_of(row, hashes)).collect();
    let tx = begin(db).await?;
    tx.write_history(history).await?;
    insert::<credential::Entity>(&tx, credentials).await?;
    insert::<review::Entity>(&tx, reviews).await?;
    insert::<member_update::Entity>(&tx, member_updates).await?;
    insert::<number::Entity>(&tx, case_numbers).await?;
    insert::<alert::Entity>(&tx, alerts).await?;
    insert::<outbox::Entity>(&tx, mails).await?;
    insert::<run::Entity>(&tx, runs).await?;
    insert::<overdue_hold::Entity>(&tx, overdue_holds).await?;
    tx.commit().await?;
    Ok(entries)
}

fn credential_of(row: &user::Model, hashes: &HashMap<String, String>) -> credential::Model {
    credential::Model { user_id: row.id, password_hash: hashes.get(&row.username).cloned(), last_login_at: None }
}

/// Inserts rows of tables that write no audit entries.
async fn insert<E>(tx: &AuditTx, rows: Vec<E::Model>) -> Result<(), DemoError>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: Send,
{
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let batch: Vec<E::ActiveModel> = rows.by_ref().take(ROWS_A_STATEMENT).collect();
        #[expect(clippy::disallowed_methods, reason = "only unaudited tables are allowed here")]
        E::insert_many(batch).exec_without_returning(tx).await?;
    }
    Ok(())
}
