//! If there is too little free space, uploads are refused, and everything else continues; quotas limit the space used by a member
//! and by a case.

use super::{PDF, pay_stub, rows, stored};
use crate::app::{Form, Kind, Settings, TestApp, Volume, actions};
use futures_util::future::join_all;
use serde_json::{Value as Json, json};

const MEBIBYTE: usize = 1 << 20;

/// A document of this size in bytes.
fn large(bytes: usize) -> Form {
    let content = [PDF, &vec![b'x'; bytes - PDF.len()]].concat();
    Form::new().text("document_type", "supporting").file("large.pdf", "application/pdf", &content)
}

async fn set(app: &TestApp, quotas: Json) {
    app.as_admin().await.patch("settings", quotas).await.expect(200);
}

on_each_database! {
    async fn the_quota_of_a_member_applies_across_all_cases(app) {
        set(app, json!({"member_document_quota_mib": 1})).await;
        let (one, two) = (app.a_case().accepted().create().await, app.a_case().accepted().create().await);
        let by = app.as_member().await;
        let first = by.upload(&one.url("documents"), &large(700_000)).await.expect(201);
        by.delete(&format!("documents/{}", first["id"].as_str().unwrap())).await.expect(204);
        let mark = app.mark().await;

        // Deleted documents are kept and count.
        let refused = by.upload(&two.url("documents"), &large(700_000)).await;

        refused.expect_problem(409, "quota_exceeded");
        let problem = refused.json();
        assert_eq!(
            (&problem["quota"], &problem["used_bytes"], &problem["limit_bytes"]),
            (&json!("member"), &json!(700_000), &json!(MEBIBYTE))
        );
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_uploaded"]);
        assert_eq!((&trail[0]["outcome"], &trail[0]["actor"]["username"]), (&json!("denied"), &json!("member1")));
        assert_eq!((stored(app).len(), rows(app).await), (1, 1));
        // The staff has no quota of its own, and small documents still fit.
        app.as_tech(3).await.upload(&two.url("documents"), &large(2 * MEBIBYTE)).await.expect(201);
        by.upload(&two.url("documents"), &pay_stub()).await.expect(201);
    }

    async fn the_quota_of_a_case_applies_across_all_uploaders(app) {
        set(app, json!({"case_document_quota_mib": 1})).await;
        let case = app.a_case().accepted().create().await;
        app.as_tech(3).await.upload(&case.url("documents"), &large(700_000)).await.expect(201);
        let refused = app.as_member().await.upload(&case.url("documents"), &large(700_000)).await;
        let problem = refused.expect_problem(409, "quota_exceeded");
        // The size of what the member may not see yet, such as reports, is not told either.
        assert_eq!((&problem["quota"], &problem["limit_bytes"]), (&json!("case"), &json!(MEBIBYTE)));
        assert_eq!(problem.get("used_bytes"), None);
        let detail = "The documents of the case may use 1048576 bytes, not enough space left for this one.";
        assert_eq!(problem["detail"], detail);
        let refused = app.as_manager().await.upload(&case.url("documents"), &large(700_000)).await;
        let problem = refused.expect_problem(409, "quota_exceeded");
        assert_eq!(problem["used_bytes"], 700_000);
        assert_eq!(problem["detail"], detail.replace("may use", "use 700000 of"));
        let other = app.a_case().accepted().create().await;
        app.as_member().await.upload(&other.url("documents"), &large(700_000)).await.expect(201);
    }

    async fn parallel_uploads_do_not_get_past_a_quota(app) {
        set(app, json!({"member_document_quota_mib": 1})).await;
        let cases = [app.a_case().accepted().create().await, app.a_case().accepted().create().await];
        let by = app.as_member().await;
        let form = large(300_000);
        let uploads = (0..8).map(async |number: usize| by.upload(&cases[number % 2].url("documents"), &form).await.status());
        let answers = join_all(uploads).await;
        assert_eq!(answers.iter().filter(|status| **status == 201).count(), 3, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 409).count(), 5, "{answers:?}");
        assert_eq!((stored(app).len(), rows(app).await), (3, 3));
    }
}

#[tokio::test]
async fn below_the_minimum_free_space_uploads_are_refused_and_small_writes_succeed() {
    let Some(volume) = Volume::mount(24) else { return };
    let app = TestApp::start_on(&volume, 8 << 20).await;
    let case = app.a_case().accepted().create().await;
    let (member, manager) = (app.as_member().await, app.as_manager().await);
    member.upload(&case.url("documents"), &large(MEBIBYTE)).await.expect(201);
    let takes_up = volume.path().join("something else");
    std::fs::write(&takes_up, vec![0; 15 << 20]).unwrap();
    let mark = app.mark().await;

    member.upload(&case.url("documents"), &pay_stub()).await.expect_problem(507, "insufficient_storage");

    assert_eq!((stored(&app).len(), app.since(&mark).await.len()), (1, 0));
    manager.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    let figures = app.as_anonymous().get("/metrics").await.text;
    let figure = |name: &str| {
        let line = figures.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {figures}"));
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let min = figure("casetrail_min_free_space_bytes");
    assert_eq!(min, 8 << 20);
    for volume in ["database", "documents"] {
        assert!(figure(&format!("casetrail_free_space_bytes{{volume=\"{volume}\"}}")) < min);
    }
    std::fs::remove_file(takes_up).unwrap();
    member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    app.finish().await;
}

/// The service cannot see the volume of a PostgreSQL server; that of the documents it can.
#[tokio::test]
async fn below_the_minimum_free_space_of_the_documents_uploads_are_refused_on_postgresql_too() {
    let Some(volume) = Volume::mount(24) else { return };
    let settings = Settings { volume: Some(volume.path().to_owned()), min_free_space: 8 << 20, ..Settings::default() };
    let Some(app) = TestApp::start_with(Kind::Postgres, settings).await else { return };
    let case = app.a_case().accepted().create().await;
    let (member, manager) = (app.as_member().await, app.as_manager().await);
    let takes_up = volume.path().join("something else");
    std::fs::write(&takes_up, vec![0; 17 << 20]).unwrap();
    let mark = app.mark().await;

    member.upload(&case.url("documents"), &pay_stub()).await.expect_problem(507, "insufficient_storage");

    assert_eq!((stored(&app).len(), rows(&app).await, app.since(&mark).await.len()), (0, 0, 0));
    manager.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    let figures = app.as_anonymous().get("/metrics").await.text;
    assert!(figures.contains("casetrail_free_space_bytes{volume=\"documents\"}"), "{figures}");
    assert!(!figures.contains("casetrail_free_space_bytes{volume=\"database\"}"), "{figures}");
    std::fs::remove_file(takes_up).unwrap();
    member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    app.finish().await;
}

/// There was enough space when the upload began, and the document would have fitted on the volume.
#[tokio::test]
async fn an_upload_that_reaches_the_minimum_free_space_is_aborted() {
    let Some(volume) = Volume::mount(32) else { return };
    let app = TestApp::start_on(&volume, 8 << 20).await;
    let case = app.a_case().accepted().create().await;
    let (member, manager) = (app.as_member().await, app.as_manager().await);
    let mark = app.mark().await;

    member.upload(&case.url("documents"), &large(27 << 20)).await.expect_problem(507, "insufficient_storage");

    assert_eq!((stored(&app).len(), rows(&app).await, app.since(&mark).await.len()), (0, 0, 0));
    manager.post(&case.url("hold"), json!({"reason": "a"})).await.expect(200);
    manager.post(&case.url("resume"), json!({"reason": "a"})).await.expect(200);
    member.upload(&case.url("documents"), &large(16 << 20)).await.expect(201);
    app.finish().await;
}

/// The space runs out while a document is being received.
#[tokio::test]
async fn an_upload_that_fills_the_disk_leaves_nothing() {
    let Some(volume) = Volume::mount(24) else { return };
    let app = TestApp::start_on(&volume, 0).await;
    let case = app.a_case().accepted().create().await;
    let by = app.as_member().await;
    std::fs::write(volume.path().join("something else"), vec![0; 12 << 20]).unwrap();
    by.upload(&case.url("documents"), &large(20 << 20)).await.expect_problem(507, "insufficient_storage");
    assert_eq!((stored(&app).len(), rows(&app).await), (0, 0));
    by.upload(&case.url("documents"), &pay_stub()).await.expect(201);
    app.finish().await;
}
