//! The case changes by the member, the workshop and the assignee of the cases, by who made them, and of some of them alone.

use crate::app::{Scene, TestApp};
use entity::user::{Model as User, Role};
use serde_json::{Value as Json, json};

/// A case on hold of a member of WS001, and two of a member of WS002: one in work, the other a draft.
struct Office {
    one: User,
    two: User,
    held: Scene,
    accepted: Scene,
}

impl Office {
    async fn new(app: &TestApp) -> Self {
        let one = app.user("member1", Role::Member, None).await;
        let two = app.user("member2", Role::Member, None).await;
        let other = json!({"workshop_code": "WS002"});
        app.as_admin().await.patch(&format!("users/{}", two.id), other).await.expect(200);
        let two = app.user("member2", Role::Member, None).await;
        let held = app.a_case().owned_by(&one).assigned_to(&app.tech(2).await).held().create().await;
        let accepted = app.a_case().owned_by(&two).assigned_to(&app.tech(3).await).accepted().create().await;
        app.a_case().owned_by(&two).create().await;
        Self { one, two, held, accepted }
    }
}

/// Of each row of a table its name, its changes and its cases.
fn rows(table: &Json, name: &str) -> Vec<(String, i64, i64)> {
    let number = |row: &Json, figure: &str| row[figure].as_i64().unwrap();
    let row = |row: &Json| {
        let name = row[name].as_str().unwrap_or("none").to_owned();
        (name, number(row, "total_changes"), number(row, "cases_touched"))
    };
    table.as_array().unwrap().iter().map(row).collect()
}

fn row(name: &str, changes: i64, cases: i64) -> (String, i64, i64) {
    (name.to_owned(), changes, cases)
}

on_each_database! {
    async fn changes_are_counted_by_member_workshop_and_assignee(app) {
        let office = Office::new(app).await;
        let by = app.as_manager().await;

        let report = by.get("reports/case-changes").await.expect(200);

        // Created, submitted, accepted with an assignee, and one of them held.
        assert_eq!(rows(&report["by_member"], "username"), [row("member1", 5, 1), row("member2", 5, 2)]);
        assert_eq!(rows(&report["by_workshop"], "workshop_code"), [row("WS001", 5, 1), row("WS002", 5, 2)]);
        assert_eq!(rows(&report["by_assignee"], "username"), [row("tech2", 5, 1), row("tech3", 4, 1), row("none", 1, 1)]);
        assert_eq!(report["by_member"][0], json!({
            "user_id": office.one.id, "username": "member1", "full_name": "Ada member1", "total_changes": 5, "status_changes": 3,
            "tier_changes": 0, "reassignments": 1, "resubmissions": 0, "holds": 1,
            "placed_on_hold": 1, "details_changes": 0, "cases_touched": 1,
        }));
        assert_eq!(report["by_assignee"][2]["user_id"], Json::Null);
        for table in ["by_member", "by_workshop", "by_assignee"] {
            for figure in ["total_changes", "status_changes", "reassignments", "holds", "placed_on_hold", "cases_touched"] {
                let sum: i64 = report[table].as_array().unwrap().iter().map(|row| row[figure].as_i64().unwrap()).sum();
                assert_eq!(report["summary"][figure], sum, "{table} {figure}");
            }
        }
        let nothing = by.get("reports/case-changes?since=2026-10-01&until=2026-10-31").await.expect(200);
        assert_eq!((&nothing["by_member"], &nothing["by_workshop"]), (&json!([]), &json!([])));
    }

    /// A case that is given to another user takes its history with it.
    async fn a_case_counts_for_the_assignee_that_it_has_now(app) {
        let office = Office::new(app).await;
        let by = app.as_manager().await;
        let tech2 = app.tech(2).await.id;
        let body = json!({"assigned_to": tech2, "reason": "because"});
        by.post(&office.accepted.url("assign"), body).await.expect(200);

        let report = by.get("reports/case-changes").await.expect(200);

        assert_eq!(rows(&report["by_assignee"], "username"), [row("tech2", 10, 2), row("none", 1, 1)]);
        let theirs = by.get(&format!("reports/case-changes?assigned_to={tech2}")).await.expect(200);
        assert_eq!(theirs["summary"]["total_changes"], 10);
    }

    /// What was arranged was done by the service itself: 10 changes, one of which is a hold.
    async fn changes_are_counted_by_who_made_them(app) {
        let office = Office::new(app).await;
        let (manager, tech) = (app.as_manager().await, app.as_tech(2).await);
        tech.post(&office.held.url("resume"), json!({"reason": "it came"})).await.expect(200);
        tech.post(&office.held.url("hold"), json!({"reason": "the second form"})).await.expect(200);
        manager.post(&office.accepted.url("hold"), json!({"reason": "pay stub"})).await.expect(200);
        // A denied attempt is in the log, and is no change.
        tech.post(&office.accepted.url("hold"), json!({"reason": "pay stub"})).await.expect_problem(403, "forbidden");
        let expected = json!([
            {
                "actor_id": null, "actor_label": "System", "full_name": null, "total_changes": 10, "status_changes": 5,
                "tier_changes": 0, "reassignments": 2, "resubmissions": 0, "holds": 1, "placed_on_hold": 1, "details_changes": 0,
            },
            {
                "actor_id": tech.id(), "actor_label": "tech2", "full_name": "Ada tech2", "total_changes": 2, "status_changes": 2,
                "tier_changes": 0, "reassignments": 0, "resubmissions": 0, "holds": 2, "placed_on_hold": 1, "details_changes": 0,
            },
            {
                "actor_id": manager.id(), "actor_label": "manager", "full_name": "Ada manager", "total_changes": 1,
                "status_changes": 1, "tier_changes": 0, "reassignments": 0, "resubmissions": 0, "holds": 1, "placed_on_hold": 1,
                "details_changes": 0,
            },
        ]);
        // From the log, and from the rollups.
        for _ in 0..2 {
            // What filters the list alone leaves the table alone.
            for filter in ["", "?change_type=details", &format!("?actor_id={}", manager.id()), "?all_time=true"] {
                let report = manager.get(&format!("reports/case-changes{filter}")).await.expect(200);
                assert_eq!((&report["by_actor"], &report["actors_total"]), (&expected, &json!(3)), "{filter}");
                assert_eq!((&report["summary"]["holds"], &report["summary"]["placed_on_hold"]), (&json!(4), &json!(3)));
            }
            app.seal().await;
        }
        let nothing = manager.get("reports/case-changes?since=2026-10-01&until=2026-10-31").await.expect(200);
        assert_eq!((&nothing["by_actor"], &nothing["actors_total"]), (&json!([]), &json!(0)));
    }

    /// The rollups by actor have no case.
    async fn changes_to_some_cases_are_not_counted_by_who_made_them(app) {
        let office = Office::new(app).await;
        let by = app.as_manager().await;
        for filter in [
            format!("case_id={}", office.held.id()),
            format!("member_id={}", office.one.id),
            "workshop_code=WS001".to_owned(),
            format!("assigned_to={}", app.tech(2).await.id),
            format!("workshop_code=WS001&actor_id={}", by.id()),
        ] {
            let report = by.get(&format!("reports/case-changes?{filter}")).await.expect(200);
            assert_eq!((&report["by_actor"], &report["actors_total"]), (&Json::Null, &Json::Null), "{filter}");
            assert_eq!((&report["summary"]["holds"], &report["summary"]["placed_on_hold"]), (&json!(1), &json!(1)), "{filter}");
            assert_eq!(report["by_assignee"][0]["placed_on_hold"], 1, "{filter}");
        }
    }

    async fn the_hundred_with_the_most_changes_are_listed(app) {
        let case = app.a_case().accepted().create().await;
        for number in (0..101).rev() {
            let user = app.user(&format!("manager{number:03}"), Role::Manager, None).await;
            let action = if number % 2 == 0 { "hold" } else { "resume" };
            app.as_user(&user).await.post(&case.url(action), json!({"reason": "waiting"})).await.expect(200);
        }
        let report = app.as_manager().await.get("reports/case-changes").await.expect(200);
        let listed: Vec<&str> =
            report["by_actor"].as_array().unwrap().iter().map(|row| row["actor_label"].as_str().unwrap()).collect();
        let expected = std::iter::once("System".to_owned()).chain((0..99).map(|number| format!("manager{number:03}")));
        assert_eq!(listed, expected.collect::<Vec<_>>());
        assert_eq!((&report["actors_total"], &report["summary"]["placed_on_hold"]), (&json!(102), &json!(51)));
    }

    async fn a_report_covers_the_cases_of_a_member_a_workshop_or_an_assignee(app) {
        let office = Office::new(app).await;
        let by = app.as_manager().await;
        let (one, two, held) = (office.one.id, office.two.id, office.held.id());
        let (tech2, tech3) = (app.tech(2).await.id, app.tech(3).await.id);
        for (filter, changes, cases) in [
            (format!("member_id={one}"), 5, 1),
            (format!("member_id={two}"), 5, 2),
            ("workshop_code=WS001".to_owned(), 5, 1),
            ("workshop_code=ws002".to_owned(), 5, 2),
            ("workshop_code=WS0".to_owned(), 0, 0),
            (format!("assigned_to={tech2}"), 5, 1),
            (format!("assigned_to={tech3}"), 4, 1),
            (format!("member_id={two}&assigned_to={tech3}"), 4, 1),
            (format!("member_id={two}&workshop_code=WS001"), 0, 0),
            (format!("case_id={held}&member_id={one}"), 5, 1),
            (format!("case_id={held}&member_id={two}"), 0, 0),
            (format!("member_id={held}"), 0, 0),
        ] {
            let report = by.get(&format!("reports/case-changes?{filter}&include_total=true")).await.expect(200);
            let figures = (&report["summary"]["total_changes"], &report["summary"]["cases_touched"]);
            assert_eq!(figures, (&json!(changes), &json!(cases)), "{filter}");
            assert_eq!(report["entries"]["page"]["total"], changes, "{filter}");
            assert_eq!(report["entries"]["data"].as_array().unwrap().len(), changes, "{filter}");
            let grouped: i64 = rows(&report["by_workshop"], "workshop_code").iter().map(|(_, changes, _)| changes).sum();
            assert_eq!(json!(grouped), json!(changes), "{filter}");
            let file = by.get(&format!("reports/case-changes.csv?{filter}")).await;
            assert_eq!(file.text.lines().count(), changes + 1, "{filter}");
        }
        let mark = app.mark().await;
        let holds = by.get("reports/case-changes?workshop_code=WS001&change_type=hold").await.expect(200);
        assert_eq!(holds["summary"]["total_changes"], 5, "a filter of the list leaves the figures alone");
        assert_eq!(holds["entries"]["data"].as_array().unwrap().len(), 1);
        let parameters = json!({"workshop_code": "WS001", "change_type": ["hold"]});
        assert_eq!(holds["filters"], parameters);
        assert_eq!(app.since(&mark).await[0]["metadata"]["parameters"], parameters);
        for filter in ["member_id=7", "workshop_code=W", "assigned_to=me"] {
            let answer = by.get(&format!("reports/case-changes?{filter}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), [format!("query /{}", filter.split('=').next().unwrap())]);
        }
    }
}
