//! Listing the documents of a case.

use super::{id, pay_stub};
use crate::contract::recipes::report;
use entity::user::Role;
use serde_json::{Value as Json, json};

fn ids(list: &Json) -> Vec<String> {
    list["data"].as_array().expect("rows").iter().map(id).collect()
}

on_each_database! {
    async fn documents_are_paginated_with_the_newest_first(app) {
        let case = app.a_case().accepted().create().await;
        let other = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        by.upload(&other.url("documents"), &pay_stub()).await.expect(201);
        let mut added = Vec::new();
        for form in [pay_stub(), report(1), report(2)] {
            added.insert(0, id(&by.upload(&case.url("documents"), &form).await.expect(201)));
        }
        let mark = app.mark().await;
        let first = by.get(&format!("{}?limit=2&include_total=true", case.url("documents"))).await.expect(200);
        assert_eq!((ids(&first), &first["page"]["total"]), (added[..2].to_vec(), &json!(3)));
        let cursor = first["page"]["next_cursor"].as_str().unwrap();
        let second = by.get(&format!("{}?limit=2&cursor={cursor}", case.url("documents"))).await.expect(200);
        assert_eq!((ids(&second), &second["page"]["has_more"]), (added[2..].to_vec(), &json!(false)));
        let reports = by.get(&format!("{}?document_type=report&document_type=other", case.url("documents"))).await.expect(200);
        assert_eq!(ids(&reports), added[..2]);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_list_contains_only_the_documents_visible_to_the_caller(app) {
        let stranger = app.user("member2", Role::Member, None).await;
        let case = app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let stub = id(&by.upload(&case.url("documents"), &pay_stub()).await.expect(201));
        let report = id(&by.upload(&case.url("documents"), &report(1)).await.expect(201));
        for (by, seen) in [
            (app.as_member().await, vec![stub.clone()]),
            (app.as_tech(2).await, vec![report.clone(), stub.clone()]),
            (app.as_admin().await, vec![report, stub]),
        ] {
            assert_eq!(ids(&by.get(&case.url("documents")).await.expect(200)), seen);
        }
        app.as_user(&stranger).await.get(&case.url("documents")).await.expect_problem(404, "not_found");
        let draft = app.a_case().create().await;
        app.as_tech(2).await.get(&draft.url("documents")).await.expect_problem(404, "not_found");
    }
}
