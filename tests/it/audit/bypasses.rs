//! Every way around the hooks is refused, and leaves nothing behind.
#![expect(clippy::disallowed_methods, reason = "these tests try the bypasses")]

use crate::app::TestApp;
use chrono::NaiveDate;
use entity::audit::AuditTx;
use entity::case::lifecycle::{Hold, NewCase};
use entity::case::{self, CaseStatus, Column, Urgency};
use entity::outbox;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    Statement, UpdateMany,
};
use std::pin::Pin;
use uuid::Uuid;

type Bypass = for<'a> fn(&'a AuditTx, case::Model) -> Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

async fn now(app: &TestApp, id: Uuid) -> case::Model {
    case::Entity::find_by_id(id).one(&app.outside).await.unwrap().unwrap()
}

fn new_case(member_id: Uuid) -> case::ActiveModel {
    let id = Uuid::now_v7();
    let new = NewCase {
        id,
        case_number: id.simple().to_string(),
        workshop_code: "WS001".into(),
        member_id,
        created_by_id: member_id,
        employee_first_name: "Ada".into(),
        employee_last_name: "Moss".into(),
        client_email: None,
        num_reports_requested: 1,
        urgency: Urgency::Normal,
        due_on: NaiveDate::MIN,
        special_notes: None,
    };
    let mut row = new.draft();
    row.due_on = Set(NaiveDate::from_ymd_opt(2026, 12, 20).unwrap());
    row
}

fn a_mail() -> outbox::ActiveModel {
    outbox::ActiveModel {
        id: Set(Uuid::now_v7()),
        status: Set(outbox::MailStatus::Pending),
        recipient: Set("a@example.org".into()),
        template: Set("case_held".into()),
        queued_at: Set(crate::app::at("2026-12-01T09:00:00Z")),
        parameters: Set("{}".into()),
        attempts: Set(0),
        ..Default::default()
    }
}

fn changed(case: case::Model) -> case::ActiveModel {
    let mut row = case.into_active_model();
    row.status = Set(CaseStatus::Completed);
    row
}

fn update_many(id: Uuid) -> UpdateMany<case::Entity> {
    case::Entity::update_many().col_expr(Column::Version, Expr::value(9)).filter(Column::Id.eq(id))
}

fn raw(tx: &AuditTx, sql: &str) -> Statement {
    Statement::from_string(tx.get_database_backend(), sql)
}

macro_rules! bypasses {
    ($($name:literal: |$tx:ident, $case:ident| $attempt:expr),* $(,)?) => {
        [$(($name, (|$tx, $case| Box::pin(async move { $attempt.await.map(|_| ()) })) as Bypass)),*]
    };
}

on_each_database! {
    async fn each_bypass_is_refused_and_its_transaction_cannot_be_committed(app) {
        let case = app.a_case().accepted().create().await.case;
        let trail = app.all_entries().await;
        let bypasses = bypasses! {
            "update outside of save": |tx, case| changed(case).update(tx),
            "insert outside of save": |tx, case| new_case(case.member_id).insert(tx),
            "delete": |tx, case| changed(case).delete(tx),
            "Entity::update": |tx, case| case::Entity::update(changed(case)).exec(tx),
            "Entity::insert": |tx, case| case::Entity::insert(new_case(case.member_id)).exec(tx),
            "insert_many": |tx, case| case::Entity::insert_many([new_case(case.member_id)]).exec(tx),
            "update_many": |tx, case| update_many(case.id).exec(tx),
            "delete_many": |tx, case| case::Entity::delete_many().filter(Column::Id.eq(case.id)).exec(tx),
            "delete_by_id": |tx, case| case::Entity::delete_by_id(case.id).exec(tx),
            "update_without_returning": |tx, case| changed(case).update_without_returning(tx),
            "an entry of one's own": |tx, _case| entity::audit_entry::Entity::delete_many().exec(tx),
            "execute_unprepared": |tx, _case| tx.execute_unprepared("UPDATE cases SET version = 9"),
            "raw": |tx, _case| tx.execute_raw(raw(tx, "UPDATE cases SET version = 9")),
            "raw, quoted": |tx, _case| tx.execute_raw(raw(tx, r#"UPDATE "cases" SET "version" = 9"#)),
            "raw query": |tx, _case| tx.query_all_raw(raw(tx, r#"DELETE FROM "cases" RETURNING "id""#)),
            "hidden behind WITH": |tx, _case| tx.query_one_raw(raw(tx, r#"WITH x AS (SELECT 1) DELETE FROM "cases""#)),
            "a second statement": |tx, _case| tx.execute_raw(raw(tx, r#"SELECT 1; DELETE FROM "cases""#)),
            "a table that is not listed": |tx, _case| tx.execute_raw(raw(tx, r#"DELETE FROM "seaql_migrations""#)),
        };
        for (name, bypass) in bypasses {
            let tx = app.write().await;
            let refused = bypass(&tx, case.clone()).await.expect_err(name);
            assert!(refused.to_string().contains("audit: "), "{name}: {refused}");
            // A hook that runs outside of `save` refuses before anything is sent; it has no transaction to break.
            if !refused.to_string().contains("outside of") && !refused.to_string().contains("never deleted") {
                let broken = tx.commit().await.expect_err(name);
                assert!(broken.to_string().contains("rolled back"), "{name}: {broken}");
            }
        }
        app.write().await.commit().await.unwrap();
        assert_eq!(now(app, case.id).await, case);
        assert_eq!(app.all_entries().await, trail);
    }

    async fn an_ignored_error_still_rolls_everything_back(app) {
        let case = app.a_case().accepted().create().await.case;
        let trail = app.all_entries().await;
        let tx = app.write().await;
        let locked = tx.lock(case::Entity::find_by_id(case.id)).await.unwrap().unwrap();
        tx.save(locked.hold(Hold::new("a", None), tx.now()).unwrap()).await.unwrap();
        let mut taken = new_case(case.member_id);
        taken.case_number = Set(case.case_number.clone());
        let _ = tx.save(taken).await; // the unique number is taken
        assert!(tx.commit().await.is_err());
        assert_eq!((now(app, case.id).await, app.all_entries().await), (case, trail));
    }

    async fn a_changed_column_that_no_event_names_is_an_error(app) {
        let case = app.a_case().accepted().create().await.case;
        let tx = app.write().await;
        let mut row = tx.lock(case::Entity::find_by_id(case.id)).await.unwrap().unwrap().into_active_model();
        row.workshop_code = Set("W200".into());
        let error = tx.save(row).await.unwrap_err();
        assert!(error.to_string().contains("changed column cases.workshop_code is covered by no event"), "{error}");
        assert!(tx.commit().await.is_err());
        assert_eq!(now(app, case.id).await, case);
    }

    async fn readers_cannot_write(app) {
        let case = app.a_case().accepted().create().await.case;
        let by_hook = changed(case.clone()).update(app.app.readers()).await.unwrap_err();
        assert!(by_hook.to_string().contains("outside of AuditTx::save"), "{by_hook}");
        let by_database = app.app.readers().execute_unprepared("UPDATE cases SET version = 9").await.unwrap_err();
        assert!(by_database.to_string().contains("read"), "{by_database}");
        assert!(a_mail().insert(app.app.readers()).await.is_err());
    }

    async fn an_unaudited_table_can_be_written_directly(app) {
        let tx = app.write().await;
        a_mail().insert(&tx).await.unwrap();
        entity::idempotency::Entity::delete_many().exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn an_unaudited_table_accepts_only_its_listed_statements(app) {
        let tx = app.write().await;
        a_mail().insert(&tx).await.unwrap();
        let refused = entity::outbox::Entity::delete_many().exec(&tx).await.unwrap_err().to_string();
        assert!(refused.contains("DELETE is not allowed on outbox"), "{refused}");
        tx.commit().await.unwrap_err();
        assert_eq!(entity::outbox::Entity::find().one(&app.outside).await.unwrap(), None);
    }
}
