//! Who sees a case, also after their role has changed.

use crate::app::{Client, Scene, TestApp};
use crate::documents::{id, pay_stub};
use entity::user::lifecycle::Rights;
use entity::user::{self, Level, Role};
use sea_orm::EntityTrait;
use serde_json::json;

/// Gives a user another role, as was possible for members with open cases before that was refused.
pub async fn with_role(app: &TestApp, user: &user::Model, role: Role, level: Option<Level>) -> user::Model {
    let tx = app.write().await.with_reason("passed the examination");
    let user = tx.lock(user::Entity::find_by_id(user.id)).await.unwrap().unwrap();
    let rights = Rights::new(role, level, None).unwrap();
    let user = tx.save(user.change_role(&rights)).await.unwrap();
    tx.commit().await.unwrap();
    user
}

/// Whether a caller sees a case: itself, in lists, its documents, notes and entries, all alike.
pub async fn sees(by: &Client<'_>, case: &Scene) -> bool {
    let is_seen = by.get(&case.path()).await.status() == 200;
    for part in ["documents", "notes", "audit-trail"] {
        assert_eq!(by.get(&case.url(part)).await.status() == 200, is_seen, "{part}");
    }
    let list = by.get("cases?limit=200").await.expect(200);
    let is_listed = list["data"].as_array().unwrap().iter().any(|listed| listed["id"] == case.id());
    assert_eq!(is_listed, is_seen, "the list");
    is_seen
}

async fn become_technician(app: &TestApp, user: &user::Model) -> user::Model {
    with_role(app, user, Role::Technician, Some(Level::Two)).await
}

on_each_database! {
    async fn a_draft_is_seen_by_its_member_and_its_creator_after_they_became_technicians(app) {
        let (member, colleague) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let (former, other) = (app.user("former", Role::Administrator, None).await, app.as_admin().await);
        let body = json!({"employee_first_name": "Ada", "employee_last_name": "Moss", "member_id": member.id});
        let created = app.as_user(&former).await.post("cases", body).await.expect(201);
        let (own, foreign) = (app.a_case().create().await, app.a_case().owned_by(&colleague).create().await);
        let document = id(&app.as_user(&member).await.upload(&own.url("documents"), &pay_stub()).await.expect(201));
        let row = entity::case::Entity::find_by_id(uuid::Uuid::parse_str(created["id"].as_str().unwrap()).unwrap());
        let created = Scene { case: row.one(&app.outside).await.unwrap().unwrap() };

        let (member, former) = (become_technician(app, &member).await, become_technician(app, &former).await);

        let (by_member, by_creator, by_tech) = (app.as_user(&member).await, app.as_user(&former).await, app.as_tech(2).await);
        for (case, by, is_seen, who) in [
            (&own, &by_member, true, "the member of their draft"),
            (&created, &by_member, true, "the member of a draft that was created for them"),
            (&created, &by_creator, true, "the creator of a draft"),
            (&own, &by_creator, false, "another technician"),
            (&foreign, &by_member, false, "the member of another draft"),
            (&own, &by_tech, false, "a technician"),
            (&created, &by_tech, false, "a technician"),
            (&own, &other, true, "an administrator"),
        ] {
            assert_eq!(sees(by, case).await, is_seen, "{who}");
        }
        by_member.get(&format!("documents/{document}")).await.expect(200);
        by_tech.get(&format!("documents/{document}")).await.expect_problem(404, "not_found");
        // What belongs to members alone is no longer theirs.
        by_member.post(&own.url("submit"), json!({})).await.expect_problem(403, "forbidden");
    }

    async fn a_case_is_seen_by_its_parties_in_every_status(app) {
        let tech = app.user("worker", Role::Technician, Some(Level::Three)).await;
        let (by_member, by_tech) = (app.as_member().await, app.as_tech(1).await);
        let stranger = app.as_user(&app.user("member2", Role::Member, None).await).await;
        for (case, is_draft) in [
            (app.a_case().create().await, true),
            (app.a_case().submitted().create().await, false),
            (app.a_case().accepted().assigned_to(&tech).create().await, false),
            (app.a_case().completed().assigned_to(&tech).create().await, false),
        ] {
            assert_eq!((sees(&by_member, &case).await, sees(&stranger, &case).await), (true, false));
            assert_eq!(sees(&by_tech, &case).await, !is_draft);
            assert!(sees(&app.as_manager().await, &case).await);
        }
    }
}
