//! Listing the notes about a case.

use entity::user::Role;
use serde_json::{Value as Json, json};

fn bodies(list: &Json) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|note| note["body"].as_str().unwrap()).collect()
}

on_each_database! {
    async fn staff_see_every_note_and_the_member_sees_the_shared_ones(app) {
        let (case, other) = (app.a_case().accepted().create().await, app.a_case().accepted().create().await);
        let (tech, member) = (app.as_tech(2).await, app.as_member().await);
        let note = |body: &str, visibility: &str| json!({"body": body, "visibility": visibility});
        tech.post(&case.url("notes"), note("first", "shared")).await.expect(201);
        tech.post(&case.url("notes"), note("second", "internal")).await.expect(201);
        member.post(&case.url("notes"), note("third", "shared")).await.expect(201);
        tech.post(&other.url("notes"), note("elsewhere", "shared")).await.expect(201);
        let mark = app.mark().await;

        let (all, shared) = (tech.get(&case.url("notes")).await.expect(200), member.get(&case.url("notes")).await.expect(200));

        assert_eq!(bodies(&all), ["third", "second", "first"]);
        assert_eq!(bodies(&shared), ["third", "first"]);
        assert_eq!(
            (&all["data"][0]["author"]["username"], &all["data"][1]["author"]["username"]),
            (&json!("member1"), &json!("tech2"))
        );
        let counted = member.get(&format!("{}?include_total=true&limit=1", case.url("notes"))).await;
        let page = counted.expect(200);
        assert_eq!((bodies(&page), &page["page"]["total"]), (vec!["third"], &json!(2)), "the total gives nothing away");
        let next = counted.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
        assert_eq!(bodies(&member.get(&next).await.expect(200)), ["first"]);
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn notes_about_a_hidden_case_are_not_found(app) {
        let (case, draft) = (app.a_case().accepted().create().await, app.a_case().create().await);
        let stranger = app.user("member2", Role::Member, None).await;
        app.as_user(&stranger).await.get(&case.url("notes")).await.expect_problem(404, "not_found");
        app.as_tech(2).await.get(&draft.url("notes")).await.expect_problem(404, "not_found");
    }
}
