//! Rows saved in bulk obey the rules of a single row: changes are recorded, and rows must be locked first.

use crate::app::actions;
use entity::credit::{self, Model};
use entity::user::Role;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::json;

on_each_database! {
    async fn rows_saved_in_bulk_write_the_same_entries_as_single_rows(app) {
        let (one, two) = (app.user("member1", Role::Member, None).await.id, app.user("member2", Role::Member, None).await.id);
        let quarter = "2026-Q4".parse().unwrap();
        let tx = app.write().await;
        tx.save(credit::first(tx.new_id(), one, quarter, 10, None)).await.unwrap();
        tx.commit().await.unwrap();
        let mark = app.mark().await;

        let tx = app.write().await;
        let known = tx.lock_many(credit::Entity::find()).await.unwrap().remove(0);
        let rows = vec![known.replace(20, Some("more".to_owned())), credit::first(tx.new_id(), two, quarter, 30, None)];
        let saved = tx.save_many(rows, Vec::new()).await.unwrap();
        // The next change is compared with the saved row.
        tx.save(saved[0].clone().allow(25)).await.unwrap();
        tx.commit().await.unwrap();

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["quarterly_credit_reset"; 3]);
        assert_eq!(
            trail[0]["changes"],
            json!({"allowed_credits": {"from": 10, "to": 20}, "notes": {"from": null, "to": "more"}})
        );
        assert_eq!(trail[2]["changes"], json!({"allowed_credits": {"from": 20, "to": 25}}));
        let rows = credit::Entity::find().all(&app.outside).await.unwrap();
        let version = |id| rows.iter().find(|row| row.member_id == id).map(|row| (row.version, row.allowed_credits));
        assert_eq!((version(one), version(two)), (Some((3, 25)), Some((1, 30))));
    }

    async fn an_unlocked_or_duplicate_row_is_refused(app) {
        let member = app.user("member1", Role::Member, None).await.id;
        let tx = app.write().await;
        let row: Model = tx.save(credit::first(tx.new_id(), member, "2026-Q4".parse().unwrap(), 10, None)).await.unwrap();
        tx.commit().await.unwrap();
        let trail = app.all_entries().await;

        let tx = app.write().await;
        let unlocked = tx.save_many(vec![row.clone().allow(20)], Vec::new()).await.unwrap_err();
        assert!(unlocked.to_string().contains("were not locked"), "{unlocked}");
        assert!(tx.commit().await.is_err());
        let tx = app.write().await;
        tx.lock_many(credit::Entity::find()).await.unwrap();
        let twice = tx.save_many(vec![row.clone().allow(20), row.clone().allow(30)], Vec::new()).await.unwrap_err();
        assert!(twice.to_string().contains("occur twice"), "{twice}");
        assert!(tx.commit().await.is_err());
        let tx = app.write().await;
        let taken = credit::first(tx.new_id(), member, "2026-Q4".parse().unwrap(), 20, None);
        tx.save_many(vec![taken], Vec::new()).await.unwrap_err();
        assert!(tx.commit().await.is_err(), "one allowance a member and quarter");

        assert_eq!(credit::Entity::find().all(&app.outside).await.unwrap(), [row]);
        assert_eq!(app.all_entries().await, trail);
    }

    async fn an_unchanged_row_keeps_its_version(app) {
        let member = app.user("member1", Role::Member, None).await.id;
        let tx = app.write().await;
        let row = tx.save(credit::first(tx.new_id(), member, "2026-Q4".parse().unwrap(), 10, None)).await.unwrap();
        tx.commit().await.unwrap();
        let tx = app.write().await;
        tx.lock_many(credit::Entity::find()).await.unwrap();
        let saved = tx.save_many(vec![row.clone().into_active_model()], Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(saved, [row]);
    }
}
