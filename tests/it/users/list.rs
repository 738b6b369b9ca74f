//! Listing users.

use super::url;
use crate::app::{Client, TestApp};
use entity::user::Role;
use serde_json::{Value as Json, json};

fn usernames(list: &Json) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

async fn listed(by: &Client<'_>, query: &str) -> Vec<String> {
    usernames(&by.get(&format!("users{query}")).await.expect(200))
}

/// An administrator, a manager, two technicians and three members, in this order.
async fn create_users(app: &TestApp) -> Client<'_> {
    let by = app.as_admin().await;
    app.as_manager().await;
    app.tech(1).await;
    app.tech(3).await;
    for name in ["member1", "member2", "member3"] {
        app.user(name, Role::Member, None).await;
    }
    by
}

on_each_database! {
    async fn a_list_contains_only_the_users_visible_to_the_caller(app) {
        let by = create_users(app).await;
        let all = ["admin", "manager", "member1", "member2", "member3", "tech1", "tech3"];
        let mark = app.mark().await;
        assert_eq!(listed(&by, "").await, all);
        assert_eq!(app.since(&mark).await.len(), 0);
        assert_eq!(listed(&app.as_manager().await, "").await, all);
        assert_eq!(listed(&app.as_tech(1).await, "").await, ["member1", "member2", "member3", "tech1"]);
        app.as_member().await.get("users").await.expect_problem(403, "forbidden");
    }

    async fn filters_narrow_it(app) {
        let by = create_users(app).await;
        assert_eq!(listed(&by, "?role=manager&role=administrator").await, ["admin", "manager"]);
        assert_eq!(listed(&by, "?user_level=level_1").await, ["tech1"]);
        assert_eq!(listed(&by, "?sort=-username&role=member").await, ["member3", "member2", "member1"]);
        assert_eq!(
            listed(&by, "?sort=-created_at&role=technician&role=member").await,
            ["member3", "member2", "member1", "tech3", "tech1"]
        );
        let member = app.user("member2", Role::Member, None).await;
        by.post(&url(&member, "deactivate"), json!({"reason": "a"})).await.expect(200);
        assert_eq!(listed(&by, "?is_active=false").await, ["member2"]);
        by.delete(&format!("{}?reason=a", url(&member, ""))).await.expect(204);
        assert!(listed(&by, "?is_active=false").await.is_empty());
        assert_eq!(listed(&by, "?is_active=false&include_deleted=true").await, ["member2"]);
        app.as_tech(1).await.get("users?include_deleted=true").await.expect_problem(403, "forbidden");
    }

    async fn several_users_are_found_by_their_ids(app) {
        let by = create_users(app).await;
        let id = async |name: &str| app.user(name, Role::Member, None).await.id.to_string();
        let (admin, manager, tech3) = (id("admin").await, id("manager").await, id("tech3").await);
        let (member1, member3) = (id("member1").await, id("member3").await);
        let ids = |ids: &[&str]| format!("?{}", ids.iter().map(|id| format!("id={id}")).collect::<Vec<_>>().join("&"));
        let absent = "01a20725-be30-7584-bca5-f00e655c90d6";
        let some = ids(&[&member3, &manager, absent, &member1.to_uppercase(), &member3, &tech3]);
        let mark = app.mark().await;
        assert_eq!(listed(&by, &some).await, ["manager", "member1", "member3", "tech3"]);
        assert_eq!(listed(&app.as_manager().await, &some).await, ["manager", "member1", "member3", "tech3"]);
        assert_eq!(listed(&app.as_tech(1).await, &some).await, ["member1", "member3"], "whom technicians see");
        assert_eq!(listed(&app.as_tech(3).await, &ids(&[&admin, &tech3])).await, ["tech3"]);
        assert_eq!(listed(&by, &format!("{some}&role=member&sort=-username")).await, ["member3", "member1"]);
        assert!(listed(&by, &ids(&[absent])).await.is_empty());
        assert_eq!(listed(&by, &ids(&[member1.as_str(); 100])).await, ["member1"]);
        assert_eq!(app.since(&mark).await.len(), 0);
        app.as_member().await.get(&format!("users{some}")).await.expect_problem(403, "forbidden");
        for refused in [ids(&[member1.as_str(); 101]), ids(&[&member1, "member1"]), ids(&[""])] {
            let answer = by.get(&format!("users{refused}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert!(answer.faults().iter().all(|fault| fault.starts_with("query /id")), "{:?}", answer.faults());
        }
        let member = app.user("member3", Role::Member, None).await;
        by.delete(&format!("{}?reason=a", url(&member, ""))).await.expect(204);
        assert_eq!(listed(&by, &ids(&[&member1, &member3])).await, ["member1"]);
        assert_eq!(listed(&by, &format!("{}&include_deleted=true", ids(&[&member1, &member3]))).await, ["member1", "member3"]);
    }

    async fn free_text_is_found_in_names_and_addresses_in_any_case(app) {
        let by = create_users(app).await;
        let member = app.user("member1", Role::Member, None).await;
        let edit = json!({"first_name": "Żaneta", "last_name": "O_Neill", "email": "zo@example.org"});
        by.patch(&url(&member, ""), edit).await.expect(200);
        for q in ["o_neill", "ŻANETA O", "żaneta", "Żan", "ZO@", "MEMBER1"] {
            assert_eq!(listed(&by, &format!("?q={}", q.replace(' ', "%20"))).await, ["member1"], "{q}");
        }
        for q in ["%25", "m_mber", "absent"] {
            assert!(listed(&by, &format!("?q={q}")).await.is_empty(), "{q}");
        }
    }

    async fn pages_neither_skip_nor_duplicate_users(app) {
        let by = create_users(app).await;
        for sort in ["username", "-username", "created_at", "-created_at"] {
            let whole = listed(&by, &format!("?sort={sort}")).await;
            let mut path = format!("/api/v1/users?sort={sort}&limit=3&include_total=true");
            let mut seen = Vec::new();
            loop {
                let answer = by.get(&path).await;
                let list = answer.expect(200);
                assert_eq!((&list["page"]["total"], &list["page"]["limit"]), (&json!(7), &json!(3)));
                seen.extend(usernames(&list));
                match answer.header("link").split_once(">;") {
                    Some((next, _)) => path = next.trim_start_matches('<').to_owned(),
                    None => break,
                }
            }
            assert_eq!(seen, whole, "{sort}");
        }
    }

    async fn a_bad_filter_never_returns_unfiltered_data(app) {
        let by = create_users(app).await;
        for query in [
            "?role=owner",
            "?is_active=yes",
            "?sort=email",
            "?limit=0",
            "?limit=201",
            "?q=",
            "?name=a",
            "?sort=username&sort=username",
        ] {
            by.get(&format!("users{query}")).await.expect_problem(400, "invalid_parameter");
        }
        let page = by.get("users?limit=2").await.expect(200);
        let cursor = page["page"]["next_cursor"].as_str().unwrap().to_owned();
        by.get(&format!("users?limit=2&role=member&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
        let other = app.as_manager().await;
        other.get(&format!("users?limit=2&cursor={cursor}")).await.expect_problem(400, "invalid_cursor");
    }
}
