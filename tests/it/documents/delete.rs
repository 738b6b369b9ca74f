//! Deleting a document.

use super::{id, pay_stub, rows, stored};
use crate::app::actions;
use crate::contract::recipes::add_report;
use entity::user::Role;
use serde_json::json;

on_each_database! {
    async fn a_deleted_document_is_not_found_and_its_file_is_kept(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        let added = by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let path = format!("documents/{}", id(&added));
        let mark = app.mark().await;

        let answer = by.delete(&format!("{path}?reason=of%20another%20month")).await;

        assert_eq!((answer.status(), answer.text.as_str()), (204, ""));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_deleted"]);
        assert_eq!(trail[0]["metadata"], json!({
            "filename": "pay stub.pdf", "document_type": "supporting", "reason": "of another month", "replaced_by": null,
        }));
        assert_eq!(trail[0]["changes"], json!({"deleted_at": {"from": null, "to": "2026-12-01T15:00:00.000Z"}}));
        for path in [path.clone(), format!("{path}/content")] {
            by.get(&path).await.expect_problem(404, "not_found");
        }
        by.delete(&path).await.expect_problem(404, "not_found");
        assert_eq!(by.get(&case.url("documents")).await.expect(200)["data"], json!([]));
        assert_eq!((rows(app).await, stored(app).len()), (1, 1));
    }

    async fn a_document_can_be_deleted_by_its_uploader_and_by_administrators(app) {
        let (owner, stranger) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let case = app.a_case().accepted().create().await;
        let of_member = app.as_user(&owner).await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let of_staff = app.as_tech(3).await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let (tech2, admin) = (app.as_tech(2).await, app.as_admin().await);
        let mark = app.mark().await;
        for (by, document, status) in [
            (app.as_user(&stranger).await, &of_member, 404),
            (tech2, &of_member, 403),
            (app.as_tech(3).await, &of_member, 403),
            (app.as_user(&owner).await, &of_staff, 403),
            (app.as_tech(3).await, &of_staff, 204),
            (admin, &of_member, 204),
        ] {
            assert_eq!(by.delete(&format!("documents/{}", id(document))).await.status(), status);
        }
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_deleted"; 6]);
        assert!(trail[..4].iter().all(|entry| entry["outcome"] == "denied" && entry["object_type"] == "document"));
    }

    async fn reports_of_a_completed_case_cannot_be_deleted(app) {
        let case = app.a_case().accepted().create().await;
        let report = add_report(app, &case, 1).await;
        let by = app.as_tech(3).await;
        by.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        let problem = by.delete(&format!("documents/{report}")).await.expect_problem(409, "invalid_case_state");
        assert_eq!(problem["current_status"], "completed");
        by.post(&case.url("reopen"), json!({"reason": "the pension is missing"})).await.expect(200);
        assert_eq!(by.delete(&format!("documents/{report}")).await.status(), 204);
    }
}
