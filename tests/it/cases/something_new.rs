//! What counts as new in a resubmission: what the member edited since the case came back to them, as the case itself keeps it.

use crate::app::{Client, Scene, TestApp};
use chrono::TimeDelta;
use migration::{Migrator, MigratorTrait, nets};
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

async fn reject(app: &TestApp, case: &Scene) {
    let rejection = json!({"rejection_reason": "insufficient_data", "rejection_notes": "which one?"});
    app.as_manager().await.post(&case.url("reject"), rejection).await.expect(200);
    app.pass(TimeDelta::hours(1));
}

/// Arranges the schema of the version before.
#[expect(clippy::disallowed_methods, reason = "DDL, which no operation sends")]
async fn take_back_the_column(app: &TestApp) {
    for sql in [
        "ALTER TABLE cases DROP COLUMN member_edits",
        "DELETE FROM seaql_migrations WHERE version = 'm20261201_000025_member_edits'",
    ] {
        app.outside.execute_unprepared(sql).await.unwrap();
    }
}

/// Resubmits a case, and returns which edits its entry names.
async fn resubmitted(app: &TestApp, by: &Client<'_>, case: &Scene) -> Json {
    let mark = app.mark().await;
    by.post(&case.url("resubmit"), json!({})).await.expect(200);
    app.since(&mark).await[0]["metadata"]["edited_fields"].clone()
}

on_each_database! {
    async fn only_the_members_edits_since_the_rejection_are_new(app) {
        let case = app.a_case().submitted().create().await;
        let by = app.as_member().await;
        by.patch(&case.path(), json!({"client_email": "early@example.org"})).await.expect(200);
        app.pass(TimeDelta::hours(1));
        reject(app, &case).await;
        app.as_manager().await.patch(&case.path(), json!({"employee_first_name": "Grace"})).await.expect(200);
        let by = app.as_member().await;
        by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
        by.patch(&case.path(), json!({"special_notes": "the first one"})).await.expect(200);
        by.patch(&case.path(), json!({"special_notes": "the first", "client_email": "late@example.org"})).await.expect(200);
        app.as_manager().await.patch(&case.path(), json!({"employee_last_name": "Hopper"})).await.expect(200);

        assert_eq!(resubmitted(app, &by, &case).await, json!(["client_email", "special_notes"]));

        reject(app, &case).await;
        let by = app.as_member().await;
        by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
        by.patch(&case.path(), json!({"due_on": "2027-01-15"})).await.expect(200);
        assert_eq!(resubmitted(app, &by, &case).await, json!(["due_on"]));
    }

    async fn what_is_set_back_is_nothing_new(app) {
        let case = app.a_case().submitted().create().await;
        reject(app, &case).await;
        let (by, manager) = (app.as_member().await, app.as_manager().await);
        let refused = async || {
            by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
            let seen = by.get(&case.path()).await.expect(200);
            let blocked = seen["blocked_actions"].as_array().unwrap().iter().find(|blocked| blocked["action"] == "resubmit");
            assert_eq!(blocked.map(|blocked| &blocked["code"]), Some(&json!("no_changes")));
        };
        for (field, others, former) in [
            ("employee_first_name", vec![json!("Grace"), json!("Hedy")], json!("Ada")),
            ("employee_last_name", vec![json!("Hopper")], json!("Moss")),
            ("client_email", vec![json!("a@example.org"), json!("b@example.org")], Json::Null),
            ("client_email", vec![json!("a@example.org")], json!("")),
            ("num_reports_requested", vec![json!(4)], json!(3)),
            ("due_on", vec![json!("2027-01-15"), json!("2027-02-15")], json!(case.case.due_on)),
            ("urgency", vec![json!("rush")], json!("normal")),
            ("special_notes", vec![json!("call first"), json!("call twice")], Json::Null),
        ] {
            for other in others {
                by.patch(&case.path(), json!({field: other})).await.expect(200);
                let seen = by.get(&case.path()).await.expect(200);
                assert!(seen["allowed_actions"].as_array().unwrap().contains(&json!("resubmit")), "{field}: {other}");
            }
            by.patch(&case.path(), json!({field: former})).await.expect(200);
            refused().await;
        }
        // Of two edits one is left; and what the staff sets back is not new either.
        by.patch(&case.path(), json!({"special_notes": "call first", "client_email": "a@example.org"})).await.expect(200);
        by.patch(&case.path(), json!({"client_email": null})).await.expect(200);
        manager.patch(&case.path(), json!({"special_notes": null})).await.expect(200);
        refused().await;
        manager.patch(&case.path(), json!({"special_notes": "from the desk"})).await.expect(200);
        refused().await;
        by.patch(&case.path(), json!({"special_notes": "from the member", "client_email": "a@example.org"})).await.expect(200);
        by.patch(&case.path(), json!({"special_notes": "from the desk"})).await.expect(200);
        assert_eq!(resubmitted(app, &by, &case).await, json!(["client_email"]));
    }

    async fn an_empty_text_in_place_of_none_is_nothing_new(app) {
        let case = app.a_case().submitted().create().await;
        reject(app, &case).await;
        let by = app.as_member().await;
        let mark = app.mark().await;
        by.patch(&case.path(), json!({"special_notes": "", "client_email": ""})).await.expect(200);
        by.post(&case.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
    }

    async fn edits_before_an_upgrade_are_still_new_after_it(app) {
        let (case, other) = (app.a_case().submitted().create().await, app.a_case().submitted().create().await);
        let by = app.as_member().await;
        by.patch(&case.path(), json!({"client_email": "early@example.org"})).await.expect(200);
        app.pass(TimeDelta::hours(1));
        reject(app, &case).await;
        reject(app, &other).await;
        let by = app.as_member().await;
        by.patch(&case.path(), json!({"special_notes": "the first one"})).await.expect(200);
        take_back_the_column(app).await;

        Migrator::up(&app.outside, None).await.unwrap();

        assert_eq!(nets::differences(&app.outside).await.unwrap(), [""; 0]);
        by.post(&other.url("resubmit"), json!({})).await.expect_problem(409, "no_changes");
        assert_eq!(resubmitted(app, &by, &case).await, json!(["special_notes"]));
    }
}
