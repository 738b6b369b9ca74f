//! A compliance officer: who read a case or an account, what a person did and what was done about them, and a file for the audit.

use super::{column, row};
use crate::app::actions;
use entity::user::Role;
use serde_json::{Value as Json, json};

/// The last columns of the log's CSV, by which its rows are joined with other files.
const JOINS: [&str; 7] = ["Entry ID", "Outcome", "Object Type", "Object ID", "Actor ID", "Actor Name", "Sequence"];

/// The byte-order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

on_each_database! {
    async fn a_compliance_officer_sees_who_read_a_case_and_an_account(app) {
        let case = app.a_case().accepted().create().await;
        let (officer, tech) = (app.as_manager().await, app.as_tech(2).await);
        let account = format!("users/{}", case.case.member_id);
        let mark = app.mark().await;
        tech.get(&case.path()).await.expect(200);
        assert_eq!(app.since(&mark).await.len(), 0, "off unless it is wanted");
        app.as_admin().await.patch("settings", json!({"record_views": true})).await.expect(200);
        let mark = app.mark().await;

        for path in [case.path(), case.url("documents"), case.path(), account.clone(), account.clone()] {
            tech.get(&path).await.expect(200);
        }

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["other"; 2], "one for each object and hour");
        let views: Vec<&Json> = trail.iter().map(|entry| &entry["metadata"]["event"]).collect();
        assert_eq!(views, ["case_viewed", "user_viewed"]);
        let of_case = officer.get(&format!("audit-log?case_id={}&action_type=other", case.id())).await.expect(200);
        let viewed = column(&of_case["data"], "/metadata/event");
        assert_eq!((viewed, column(&of_case["data"], "/actor/username")), (vec![json!("case_viewed")], vec![json!("tech2")]));
        let about = officer.get(&format!("{account}/audit-trail?as=subject&action_type=other")).await.expect(200);
        assert!(column(&about["data"], "/metadata/event").contains(&json!("user_viewed")), "{about}");
    }

    async fn a_compliance_officer_tells_what_a_person_did_from_what_was_done_about_them(app) {
        let case = app.a_case().accepted().create().await;
        let (officer, tech) = (app.as_manager().await, app.as_tech(3).await);
        tech.post(&case.url("hold"), json!({"reason": "passport missing"})).await.expect(200);
        app.as_admin().await.patch(&format!("users/{}", tech.id()), json!({"last_name": "Reyes"})).await.expect(200);
        let mark = app.mark().await;

        let path = format!("users/{}/audit-trail?limit=200", tech.id());
        let done = officer.get(&format!("{path}&as=actor")).await.expect(200)["data"].clone();
        let about = officer.get(&format!("{path}&as=subject")).await.expect(200)["data"].clone();

        assert!(column(&done, "/actor/id").iter().all(|id| *id == tech.id()), "{done}");
        assert!(column(&about, "/related_user/id").iter().all(|id| *id == tech.id()), "{about}");
        let (done, about) = (column(&done, "/action_type"), column(&about, "/action_type"));
        assert!(done.contains(&json!("case_held")) && !done.contains(&json!("user_updated")), "{done:?}");
        assert!(about.contains(&json!("user_updated")) && about.contains(&json!("user_created")), "{about:?}");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["audit_log_accessed"; 2], "the officer's own readings are recorded too");
        assert_eq!(trail[1]["metadata"], json!({"view_type": "user_trail", "filters": {"as": "subject"}}));
    }

    async fn a_compliance_officer_takes_the_log_to_a_spreadsheet(app) {
        let case = app.a_case().accepted().create().await;
        let villain = app.user("-2+3-cmd", Role::Manager, None).await;
        app.as_user(&villain).await.post(&case.url("hold"), json!({"reason": "passport missing"})).await.expect(200);
        let entries = json!(app.all_entries().await);
        let hold = row(&entries, "action_type", "case_held");
        let officer = app.as_manager().await;
        let mark = app.mark().await;

        let file = officer.get(&format!("audit-log/export.csv?bom=true&case_id={}&action_type=case_held", case.id())).await;

        assert_eq!(file.status(), 200, "{}", file.text);
        let bytes = file.bytes.strip_prefix(MARK).expect("a byte-order mark");
        let mut reader = csv::Reader::from_reader(bytes);
        let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(columns[columns.len() - 7..], JOINS);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 1);
        let cell = |name: &str| rows[0].get(columns.iter().position(|column| column == name).unwrap()).unwrap();
        assert_eq!((cell("Entry ID"), cell("Outcome")), (hold["id"].as_str().unwrap(), "success"));
        assert_eq!((cell("Object Type"), cell("Object ID")), ("case", case.id().as_str()));
        assert_eq!((cell("Actor ID"), cell("Actor Name")), (villain.id.to_string().as_str(), "Ada -2+3-cmd"));
        assert_eq!(cell("User"), "'-2+3-cmd", "no cell is a formula");
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["audit_log_accessed", "export_generated"]);
        assert_eq!((&trail[1]["metadata"]["format"], &trail[1]["metadata"]["record_count"]), (&json!("csv"), &json!(1)));
    }
}
