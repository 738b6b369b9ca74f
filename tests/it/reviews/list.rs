//! Listing pending and decided reviews.

use crate::app::Answer;
use serde_json::{Value as Json, json};

fn cases(answer: &Answer) -> Vec<Json> {
    answer.expect(200)["data"].as_array().unwrap().iter().map(|step| step["case"]["id"].clone()).collect()
}

on_each_database! {
    async fn pending_reviews_are_listed_oldest_first_without_the_callers_own(app) {
        let worker = app.tech(1).await;
        let case = app.a_case().assigned_to(&worker).accepted().create().await;
        app.as_user(&worker).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        let own = app.a_case().pending_review().create().await;
        let by = app.as_manager().await;
        by.post(&own.url("assign"), json!({"assigned_to": app.tech(2).await.id, "reason": "they continue"})).await.expect(200);
        app.a_case().accepted().create().await;
        app.a_case().completed().create().await;
        let reviewer = app.as_tech(2).await;
        let mark = app.mark().await;

        let (seen, all) = (reviewer.get("reviews").await, by.get("reviews?status=pending&include_total=true").await);

        assert_eq!(cases(&seen), [json!(case.id())]);
        assert_eq!(cases(&all), [json!(case.id()), json!(own.id())]);
        let (step, page) = (&seen.json()["data"][0], &all.json()["page"]);
        assert_eq!((&step["review_action"], &step["review_cycle"]), (&json!("submitted_for_review"), &json!(1)));
        assert_eq!((&step["original_technician"]["username"], &page["total"]), (&json!("tech1"), &json!(2)));
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn a_later_review_cycle_is_listed_with_its_own_step(app) {
        let worker = app.tech(1).await;
        let case = app.a_case().assigned_to(&worker).accepted().create().await;
        for notes in ["once more", "and again"] {
            app.as_user(&worker).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
            app.as_manager().await.post(&case.url("review/request-revisions"), json!({"notes": notes})).await.expect(200);
        }
        let by = app.as_tech(3).await;
        assert_eq!(cases(&by.get("reviews").await), [json!(null); 0]);
        app.as_user(&worker).await.post(&case.url("complete"), json!({"override_incomplete": true})).await.expect(200);
        let waiting = by.get("reviews").await.expect(200);
        let (count, step) = (waiting["data"].as_array().unwrap().len(), &waiting["data"][0]);
        assert_eq!((count, &step["review_action"], &step["review_cycle"]), (1, &json!("resubmitted"), &json!(3)));
        let decided = by.get("reviews?status=decided").await.expect(200);
        let notes: Vec<&Json> = decided["data"].as_array().unwrap().iter().map(|step| &step["notes"]).collect();
        assert_eq!(notes, ["and again", "once more"]);
    }

    async fn decided_reviews_can_be_filtered_by_reviewer_and_decision(app) {
        let (manager, tech) = (app.as_manager().await, app.as_tech(3).await);
        let [one, two, three] = [
            app.a_case().pending_review().create().await,
            app.a_case().pending_review().create().await,
            app.a_case().pending_review().create().await,
        ];
        manager.post(&one.url("review/approve"), json!({})).await.expect(200);
        tech.post(&two.url("review/correct"), json!({"notes": "a date"})).await.expect(200);
        tech.post(&three.url("review/approve"), json!({})).await.expect(200);
        let of = async |filter: &str| cases(&manager.get(&format!("reviews?status=decided{filter}")).await);
        assert_eq!(of("").await, [json!(three.id()), json!(two.id()), json!(one.id())]);
        assert_eq!(of(&format!("&reviewer_id={}", tech.id())).await, [json!(three.id()), json!(two.id())]);
        assert_eq!(of("&review_action=approved").await, [json!(three.id()), json!(one.id())]);
        assert_eq!(of("&review_action=corrections_needed&review_action=revisions_requested").await, [json!(two.id())]);
        assert_eq!(of(&format!("&reviewer_id={}&review_action=approved", tech.id())).await, [json!(three.id())]);
        assert_eq!(cases(&manager.get("reviews").await), [json!(null); 0]);
        app.as_admin().await.delete(&format!("{}?reason=twice", three.path())).await.expect(204);
        assert_eq!(of("").await, [json!(two.id()), json!(one.id())], "of a deleted case nothing is listed");
    }

    async fn filters_about_decisions_are_refused_for_pending_reviews(app) {
        let by = app.as_manager().await;
        for query in [format!("reviewer_id={}", by.id()), "status=pending&review_action=approved".to_owned()] {
            by.get(&format!("reviews?{query}")).await.expect_problem(400, "invalid_parameter");
        }
        by.get("reviews?status=decided&review_action=submitted_for_review").await.expect_problem(400, "invalid_parameter");
    }

    async fn beginners_and_members_cannot_list_reviews(app) {
        app.as_tech(1).await.get("reviews").await.expect_problem(403, "forbidden");
        app.as_member().await.get("reviews?status=decided").await.expect_problem(403, "forbidden");
    }

    async fn a_page_costs_as_much_however_many_cases_are_on_it(app) {
        app.a_case().pending_review().create().await;
        let by = app.as_tech(2).await;
        let cost = async |path: &str| {
            app.statements();
            by.get(path).await.expect(200);
            app.statements().len()
        };
        by.get("reviews").await.expect(200);
        let one = cost("reviews").await;
        app.a_case().pending_review().create().await;
        app.a_case().pending_review().create().await;
        // The caller, the cases, their steps, the people.
        assert_eq!((one, cost("reviews").await, cost("reviews?status=decided").await), (4, 4, 2));
    }
}
