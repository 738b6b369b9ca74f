//! The credits of all members at once: one entry per member, all or none, and idempotent when a job repeats the reset.

use crate::app::{Kind, TestApp, actions};
use entity::audit::{AuditTx, Context};
use entity::audit_entry;
use entity::credit::{self, Quarter, ResetType, reset_all};
use entity::history::replay;
use entity::user::{self, Role};
use reqwest::Method;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, Iterable, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use uuid::Uuid;

fn body(new_allowance: i32) -> serde_json::Value {
    json!({"quarter": "2026-Q4", "new_allowance": new_allowance})
}

on_each_database! {
    async fn a_reset_sets_and_records_the_allowance_of_every_active_member(app) {
        let (by, quarter) = (app.as_admin().await, "credit-allowances/2026-Q4");
        let mut members = Vec::new();
        for name in ["member1", "member2", "member3", "member4"] {
            members.push(app.user(name, Role::Member, None).await.id);
        }
        let url = |member: usize| format!("users/{}/{quarter}", members[member]);
        by.send(Method::PUT, &url(1), Some(json!({"allowed_credits": 30, "notes": "kept"}))).await.expect(201);
        by.send(Method::PUT, &url(2), Some(json!({"allowed_credits": 50}))).await.expect(201);
        by.post(&format!("users/{}/deactivate", members[3]), json!({"reason": "left"})).await.expect(200);
        let mark = app.mark().await;

        let done = by.post("credit-resets", body(50)).await.expect(200);

        let counts =
            ["member_count", "created_count", "changed_count", "unchanged_count"].map(|name| done[name].as_i64().unwrap());
        assert_eq!(counts, [3, 1, 1, 1]);
        let trail = app.since(&mark).await;
        let each = "quarterly_credit_reset";
        assert_eq!(actions(&trail), [each, each, each, "bulk_credit_reset"]);
        assert!(trail.iter().all(|entry| entry["metadata"]["batch_id"] == done["batch_id"]));
        assert!(
            trail.iter().all(|entry| entry["metadata"]["reset_type"] == "bulk" && entry["request_id"] == trail[0]["request_id"])
        );
        assert_eq!((&trail[3]["metadata"]["member_count"], &trail[3]["source"]), (&json!(3), &json!("endpoint")));
        let of = |name: &str| trail.iter().find(|entry| entry["related_user"]["username"] == name).unwrap();
        assert_eq!(of("member1")["changes"]["allowed_credits"], json!({"from": null, "to": 50}));
        assert_eq!(of("member2")["changes"], json!({"allowed_credits": {"from": 30, "to": 50}}));
        assert_eq!((&of("member3")["changes"], &of("member3")["metadata"]["previous_allowance"]), (&json!({}), &json!(50)));
        let second = by.get(&url(1)).await.expect(200);
        assert_eq!((&second["version"], &second["notes"]), (&json!(2), &json!("kept")));
        assert_eq!(by.get(&url(2)).await.expect(200)["version"], 1, "what stays as it is keeps its version");
        by.get(&url(3)).await.expect_problem(404, "not_found");
    }

    async fn a_reset_without_members_is_recorded(app) {
        let by = app.as_admin().await;
        let mark = app.mark().await;
        assert_eq!(by.post("credit-resets", body(50)).await.expect(200)["member_count"], 0);
        assert_eq!(actions(&app.since(&mark).await), ["bulk_credit_reset"]);
    }

    async fn a_retried_reset_is_done_once(app) {
        app.as_member().await;
        let by = app.as_admin().await.with("Idempotency-Key", "reset-2026-Q4");
        let mark = app.mark().await;
        let done = by.post("credit-resets", body(50)).await.expect(200);
        let again = by.post("credit-resets", body(50)).await;
        assert_eq!((again.expect(200), again.header("idempotency-replayed")), (done, "true"));
        assert_eq!(app.since(&mark).await.len(), 2);
    }

    async fn a_scheduled_reset_keeps_existing_allowances_and_is_idempotent(app) {
        let (by, first) = (app.as_admin().await, app.user("member1", Role::Member, None).await);
        let url = format!("users/{}/credit-allowances/2026-Q4", first.id);
        by.send(Method::PUT, &url, Some(json!({"allowed_credits": 30}))).await.expect(201);
        app.user("member2", Role::Member, None).await;
        let mark = app.mark().await;
        let run = async || {
            let tx = AuditTx::begin(app.app.db(), Context::job(Uuid::now_v7())).await.unwrap();
            let reset = reset_all(&tx, "2026-Q4".parse().unwrap(), 100, ResetType::Scheduled).await.unwrap();
            tx.commit().await.unwrap();
            reset.member_count
        };

        assert_eq!(run().await, 1);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["quarterly_credit_reset", "bulk_credit_reset"]);
        assert!(trail.iter().all(|entry| entry["actor_type"] == "system" && entry["source"] == "job"));
        assert_eq!(
            (&trail[0]["related_user"]["username"], &trail[0]["metadata"]["reset_type"]),
            (&json!("member2"), &json!("scheduled"))
        );
        assert_eq!((run().await, app.since(&mark).await.len()), (0, 2), "the second time there is nothing to do and to tell");
        assert_eq!(by.get(&url).await.expect(200)["allowed_credits"], 30);
        app.user("member3", Role::Member, None).await;
        assert_eq!(run().await, 1, "a member who joined later gets their allowance");
    }

    async fn concurrent_resets_run_one_after_the_other(app) {
        for number in 0..20 {
            app.user(&format!("member{number}"), Role::Member, None).await;
        }
        let by = app.as_admin().await;
        let all = futures_util::future::join_all((1..=4).map(|number| {
            let by = by.clone();
            async move { by.post("credit-resets", body(number * 10)).await.expect(200)["created_count"].as_i64().unwrap() }
        }));
        let mut created = all.await;
        created.sort_unstable();
        assert_eq!(created, [0, 0, 0, 20]);
        let rows = credit::Entity::find().all(&app.outside).await.unwrap();
        let allowed: HashSet<i32> = rows.iter().map(|row| row.allowed_credits).collect();
        assert_eq!((rows.len(), allowed.len()), (20, 1));
    }
}

const MEMBERS: usize = 10_000;

/// Thousands of members, copied from one while bypassing the service; no entry records their creation.
#[expect(clippy::disallowed_methods, reason = "thousands of rows, bypassing the service")]
async fn crowd(app: &TestApp) {
    let one = app.user("member0", Role::Member, None).await;
    let (values, numbers, net) = match app.kind {
        Kind::Sqlite => (
            ["unhex(printf('018d%012x7000', i) || printf('b%011x', i))", "'copy' || i", "'copy' || i || '@example.org'"],
            format!(
                "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n)",
                MEMBERS - 1
            ),
            "DROP TRIGGER users_audited_insert",
        ),
        Kind::Postgres => (
            [
                "('018d' || lpad(to_hex(i), 12, '0') || '7000b' || lpad(to_hex(i), 11, '0'))::uuid",
                "'copy' || i",
                "'copy' || i || '@example.org'",
            ],
            format!("generate_series(1::bigint, {}) AS n (i)", MEMBERS - 1),
            "ALTER TABLE users DISABLE TRIGGER users_audited",
        ),
    };
    let columns: Vec<&str> = user::Column::iter().map(|column| column.as_str()).collect();
    let value = |name: &&str| match *name {
        "id" => values[0].to_owned(),
        "username" => values[1].to_owned(),
        "email" => values[2].to_owned(),
        other => format!("t.{other}"),
    };
    let copies: Vec<String> = columns.iter().map(value).collect();
    app.outside.execute_unprepared(net).await.unwrap();
    let sql = format!(
        "INSERT INTO users ({}) SELECT {} FROM users t, {numbers} WHERE t.username = '{}'",
        columns.join(", "),
        copies.join(", "),
        one.username
    );
    app.outside.execute_unprepared(&sql).await.unwrap();
}

/// Makes the database refuse the entry of a member in the middle.
#[expect(clippy::disallowed_methods, reason = "this breaks the database")]
async fn refuse_one(app: &TestApp) {
    let statements: &[&str] = match app.kind {
        Kind::Sqlite => {
            &["CREATE TRIGGER injected BEFORE INSERT ON audit_entries WHEN NEW.description LIKE 'Credits of copy5000 %' \
                           BEGIN SELECT RAISE(ABORT, 'injected'); END"]
        }
        Kind::Postgres => &[
            "CREATE FUNCTION injected() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'injected'; END $$",
            "CREATE TRIGGER injected BEFORE INSERT ON audit_entries FOR EACH ROW \
             WHEN (NEW.description LIKE 'Credits of copy5000 %') EXECUTE FUNCTION injected()",
        ],
    };
    for statement in statements {
        app.outside.execute_unprepared(statement).await.unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "this repairs the database")]
async fn accept_all(app: &TestApp) {
    let statement = match app.kind {
        Kind::Sqlite => "DROP TRIGGER injected",
        Kind::Postgres => "DROP TRIGGER injected ON audit_entries",
    };
    app.outside.execute_unprepared(statement).await.unwrap();
}

/// Ten thousand members in one request: one entry per member and one for the whole, in few statements, all or none.
async fn ten_thousand(kind: Kind) {
    let Some(app) = TestApp::start(kind).await else { return };
    crowd(&app).await;
    let by = app.as_admin().await;
    let entries = async || audit_entry::Entity::find().count(&app.outside).await.unwrap();
    let allowances = async || credit::Entity::find().count(&app.outside).await.unwrap();
    let before = entries().await;

    refuse_one(&app).await;
    by.post("credit-resets", body(100)).await.expect_problem(503, "audit_unavailable");
    assert_eq!((entries().await, allowances().await), (before, 0), "a failure in the middle leaves nothing");
    accept_all(&app).await;

    let mut took = Vec::new();
    for (round, allowance) in [100, 120, 120].into_iter().enumerate() {
        let (before, began) = (entries().await, Instant::now());
        app.statements();
        let done = by.post("credit-resets", body(allowance)).await.expect(200);
        took.push(began.elapsed());
        let sent = app.statements().len();
        assert!(sent <= 110, "{sent} statements");
        assert_eq!(done["member_count"], MEMBERS, "round {round}");
        assert_eq!((entries().await - before, allowances().await), (10_001, 10_000));
    }
    println!("{kind:?}: {took:?}");
    assert!(took.iter().all(|took| *took < Duration::from_secs(30)), "{took:?}");

    let by_id = audit_entry::Entity::find().order_by_asc(audit_entry::Column::Id);
    let logged = by_id.filter(audit_entry::Column::ObjectType.eq("credit_allowance")).all(&app.outside).await.unwrap();
    let logged = replay(&logged).unwrap();
    for row in credit::Entity::find().all(&app.outside).await.unwrap() {
        logged.ensure_row::<credit::Entity>(&row).unwrap();
    }
    let quarter: Quarter = "2026-Q4".parse().unwrap();
    assert_eq!(logged.logged("credit_allowance").count(), MEMBERS, "{quarter}");
    // No further checks: most members were created without audit entries.
}

#[tokio::test]
async fn ten_thousand_members_are_reset_in_one_request_or_not_at_all_on_sqlite() {
    ten_thousand(Kind::Sqlite).await;
}

#[tokio::test]
async fn ten_thousand_members_are_reset_in_one_request_or_not_at_all_on_postgresql() {
    ten_thousand(Kind::Postgres).await;
}
