//! Those to whom a case can be given.

use crate::app::{Client, actions};
use entity::user::{Level, Role};
use serde_json::{Value as Json, json};

/// The usernames in a list.
async fn names(by: &Client<'_>, path: &str) -> Vec<String> {
    let list = by.get(path).await.expect(200);
    let rows = list["data"].as_array().unwrap().clone();
    rows.iter().map(|row| row["username"].as_str().unwrap().to_owned()).collect()
}

on_each_database! {
    async fn the_users_to_whom_a_case_can_be_given_are_listed_with_their_level_and_open_cases(app) {
        let case = app.a_case().accepted().create().await;
        let (tech2, admin) = (app.tech(2).await, app.as_admin().await);
        app.tech(1).await;
        app.as_manager().await.post(&case.url("tier"), json!({"tier": "tier_2", "reason": "x"})).await.expect(200);
        for open in [app.a_case().accepted(), app.a_case().held()] {
            open.assigned_to(&tech2).create().await;
        }
        app.a_case().assigned_to(&tech2).completed().create().await;
        let deleted = app.a_case().assigned_to(&tech2).accepted().create().await;
        assert_eq!(admin.delete(&format!("{}?reason=twice", deleted.path())).await.status(), 204);
        let by = app.as_tech(3).await;
        let mark = app.mark().await;

        let list = by.get(&format!("{}?include_total=true", case.url("assignees"))).await.expect(200);

        let rows: Vec<_> = list["data"].as_array().unwrap().iter().map(|row| {
            let [name, role, level, open] = ["username", "role", "user_level", "open_cases"].map(|field| row[field].clone());
            json!([name, role, level, open])
        }).collect();
        assert_eq!(json!(rows), json!([
            ["admin", "administrator", null, 0],
            ["manager", "manager", null, 0],
            ["tech2", "technician", "level_2", 2],
            ["tech3", "technician", "level_3", 1],
        ]));
        assert_eq!((&list["data"][2]["id"], &list["data"][2]["full_name"]), (&json!(tech2.id), &json!("Ada tech2")));
        assert_eq!(list["page"]["total"], 4);
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
        by.post(&case.url("assign"), json!({"assigned_to": list["data"][2]["id"], "reason": "x"})).await.expect(200);
    }

    async fn exactly_those_are_listed_to_whom_the_case_can_be_assigned(app) {
        let case = app.a_case().accepted().create().await;
        let (manager, admin, senior) = (app.as_manager().await, app.as_admin().await, app.tech(3).await);
        let (away, gone) = (
            app.user("away", Role::Technician, Some(Level::Three)).await,
            app.user("gone", Role::Manager, None).await,
        );
        admin.post(&format!("users/{}/deactivate", away.id), json!({"reason": "on leave"})).await.expect(200);
        assert_eq!(admin.delete(&format!("users/{}?reason=left", gone.id)).await.status(), 204);
        let users = [
            app.tech(1).await,
            app.tech(2).await,
            senior.clone(),
            manager.user.clone().unwrap(),
            admin.user.clone().unwrap(),
            app.user("member2", Role::Member, None).await,
            app.user("service1", Role::Service, None).await,
            away,
            gone,
        ];
        for (tier, possible) in [("tier_1", 5), ("tier_2", 4), ("tier_3", 3)] {
            manager.post(&case.url("tier"), json!({"tier": tier, "reason": "x"})).await.expect(200);
            let listed = names(&manager, &case.url("assignees")).await;
            assert_eq!(listed.len(), possible, "{tier}: {listed:?}");
            for user in &users {
                let body = json!({"assigned_to": user.id, "reason": "x"});
                let answer = manager.post(&case.url("assign"), body).await;
                assert_eq!(answer.status() == 200, listed.contains(&user.username), "{tier} {}: {}", user.username, answer.text);
            }
            manager.post(&case.url("assign"), json!({"assigned_to": senior.id, "reason": "x"})).await.expect(200);
        }
    }

    async fn the_list_is_for_those_who_may_assign_or_accept_the_case(app) {
        let (submitted, accepted) = (app.a_case().submitted().create().await, app.a_case().accepted().create().await);
        let draft = app.a_case().create().await;
        for by in [app.as_tech(3).await, app.as_manager().await, app.as_admin().await] {
            by.get(&accepted.url("assignees")).await.expect(200);
            by.get(&submitted.url("assignees")).await.expect(200);
        }
        let (other, mark) = (app.as_tech(2).await, app.mark().await);
        other.get(&submitted.url("assignees")).await.expect(200);
        other.get(&accepted.url("assignees")).await.expect_problem(403, "forbidden");
        other.get(&draft.url("assignees")).await.expect_problem(404, "not_found");
        other.get("cases/01a20725-be30-7584-bca5-f00e655c90d6/assignees").await.expect_problem(404, "not_found");
        app.as_member().await.get(&submitted.url("assignees")).await.expect_problem(403, "forbidden");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other"; 4]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "denied"));
        let named: Vec<_> = trail.iter().map(|entry| entry["case"]["id"].clone()).collect();
        assert_eq!(named, [json!(accepted.id()), json!(draft.id()), Json::Null, json!(submitted.id())]);
    }

    async fn the_list_is_filtered_by_tier_and_text_and_read_page_by_page(app) {
        let case = app.a_case().submitted().create().await;
        for level in [1, 2, 3] {
            app.tech(level).await;
        }
        let by = app.as_manager().await;
        let url = case.url("assignees");
        assert_eq!(names(&by, &url).await, ["manager", "tech1", "tech2", "tech3"]);
        assert_eq!(names(&by, &format!("{url}?tier=tier_2")).await, ["manager", "tech2", "tech3"]);
        assert_eq!(names(&by, &format!("{url}?tier=tier_3&q=TECH")).await, ["tech3"]);
        assert_eq!(names(&by, &format!("{url}?q=nothing")).await, [""; 0]);
        let (mut seen, mut next) = (Vec::new(), format!("{url}?limit=3"));
        loop {
            let page = by.get(&next).await.expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["username"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["page"]["next_cursor"].as_str() else { break };
            next = format!("{url}?limit=3&cursor={cursor}");
        }
        assert_eq!(seen, ["manager", "tech1", "tech2", "tech3"]);
        for wrong in ["tier=tier_4", "tier=2", "level=level_1", "limit=0", "q="] {
            by.get(&format!("{url}?{wrong}")).await.expect_problem(400, "invalid_parameter");
        }
    }

    async fn the_list_costs_the_same_statements_however_many_there_are(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let cost = async || {
            app.statements();
            by.get(&case.url("assignees")).await.expect(200);
            app.statements().len()
        };
        let few = cost().await;
        for number in 0..12 {
            let tech = app.user(&format!("colleague{number}"), Role::Technician, Some(Level::Two)).await;
            app.a_case().assigned_to(&tech).accepted().create().await;
        }
        assert_eq!((few, cost().await), (4, 4), "the caller, the case, a page of users, and their open cases");
    }
}
