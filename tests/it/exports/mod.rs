//! Exports: complete, harmless, and recorded before the first byte is sent.

mod ended;
mod large;
mod trailers;

pub use ended::fill;

use crate::app::actions;
use crate::contract::recipes::report;
use crate::documents::pay_stub;
use entity::document::{DocumentType, NewDocument};
use entity::text::sha256_hex;
use entity::user::Role;
use reqwest::Method;
use serde_json::{Value as Json, json};

on_each_database! {
    async fn cases_are_exported_as_csv_and_ndjson_and_each_export_is_recorded(app) {
        let case = app.a_case().held().create().await;
        app.as_member().await.patch(&app.a_case().create().await.path(), json!({"employee_last_name": "=1+1"})).await.expect(200);
        let (manager, mark) = (app.as_manager().await, app.mark().await);

        let csv = manager.get("exports/cases.csv").await;
        let ndjson = manager.get("exports/cases.ndjson").await;

        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert!(csv.header("content-disposition").starts_with("attachment; filename=\"cases-20261201-"));
        let lines: Vec<&str> = csv.text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("id,case_number,status,workshop_code,member_username,"), "{}", lines[0]);
        assert!(lines[1].contains(&case.case.case_number) && lines[1].contains(",hold,"), "{}", lines[1]);
        assert!(lines[2].contains(",'=1+1,"), "no spreadsheet reckons with it: {}", lines[2]);
        let rows: Vec<Json> = ndjson.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (&rows[0]["id"], &rows[0]["tier"], &rows[0]["credit_value"]),
            (&json!(case.id()), &json!("tier_1"), &json!("2.0"))
        );
        assert_eq!(rows[1]["employee_last_name"], "=1+1");
        let columns: Vec<String> = lines[0].split(',').map(str::to_owned).collect();
        assert!(rows.iter().all(|row| columns.iter().all(|column| row.get(column).is_some())), "{columns:?}");
        assert_eq!(rows[0].as_object().unwrap().len(), columns.len());

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["bulk_export", "bulk_export"]);
        assert_eq!(trail[0]["metadata"], json!({
            "export_type": "cases", "format": "csv", "record_count": 2, "filters": {}, "size_bytes": csv.bytes.len(),
            "sha256": sha256_hex(&csv.bytes),
        }));
    }

    async fn an_object_is_one_line_for_every_reader(app) {
        let member = app.user("member1", Role::Member, None).await;
        let admin = app.as_admin().await;
        let notes = "first\u{2028}second\u{2029}third\u{85}fourth\nfifth";
        let url = format!("users/{}/credit-allowances/2026-Q4", member.id);
        admin.send(Method::PUT, &url, Some(json!({"allowed_credits": 10, "notes": notes}))).await.expect(201);

        let answer = admin.get("exports/credit-allowances.ndjson").await;

        let lines = answer.lines_of_unicode();
        assert_eq!(lines.len(), 1, "{}", answer.text);
        assert_eq!(serde_json::from_str::<Json>(lines[0]).unwrap()["notes"], notes);
    }

    async fn a_formula_behind_whitespace_is_escaped_too(app) {
        let member = app.user("member1", Role::Member, None).await;
        let (admin, mut notes) = (app.as_admin().await, Vec::new());
        for text in [" =1+1", "\n=1+1", "\u{A0}@x", "\u{3000}＝1", "\nplain", "x =1"] {
            let allowance = json!({"allowed_credits": 10, "notes": text});
            let url = format!("users/{}/credit-allowances/2026-Q4", member.id);
            let set = admin.send(Method::PUT, &url, Some(allowance)).await;
            assert!([200, 201].contains(&set.status()), "{}", set.text);
            let mark = app.mark().await;
            let text = admin.get("exports/credit-allowances.csv").await.text;
            let mut rows = csv::Reader::from_reader(text.as_bytes());
            let column = rows.headers().unwrap().iter().position(|name| name == "notes").unwrap();
            notes.push(rows.records().next().unwrap().unwrap()[column].to_owned());
            assert_eq!(actions(&app.since(&mark).await), ["bulk_export"]);
        }
        assert_eq!(notes, ["' =1+1", "'\n=1+1", "'\u{A0}@x", "'\u{3000}＝1", "'\nplain", "x =1"]);
    }

    async fn phone_numbers_are_exported_as_they_are(app) {
        let admin = app.as_admin().await;
        let numbers = ["+49 30 1234", "+49-30-1234", "+1 (312) 555-0100", "+1.312.555.0100", "312-555-0142", "'+49 30 1234"];
        for phone_number in numbers {
            let user = app.as_member().await;
            user.patch("auth/me", json!({"phone_number": phone_number})).await.expect(200);
            let csv = admin.get("exports/users.csv").await.text;
            let mut rows = csv::Reader::from_reader(csv.as_bytes());
            let column = rows.headers().unwrap().iter().position(|name| name == "phone_number").unwrap();
            let cells: Vec<String> = rows.records().map(|row| row.unwrap()[column].to_owned()).collect();
            assert!(cells.iter().any(|cell| cell == phone_number), "{phone_number}: {cells:?}");
        }
    }

    async fn a_guarded_cell_is_restored_by_removing_one_apostrophe(app) {
        let member = app.user("member1", Role::Member, None).await;
        let admin = app.as_admin().await;
        for (notes, written) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("''@x", "'''@x"),
            ("+1+1", "'+1+1"),
            ("-5-5", "'-5-5"),
            ("-5", "-5"),
            ("'-5", "'-5"),
            ("'tis", "'tis"),
            ("+49 30 1234", "+49 30 1234"),
            ("+49 30 1234 (work)", "'+49 30 1234 (work)"),
        ] {
            let url = format!("users/{}/credit-allowances/2026-Q4", member.id);
            let set = admin.send(Method::PUT, &url, Some(json!({"allowed_credits": 10, "notes": notes}))).await;
            assert!([200, 201].contains(&set.status()), "{}", set.text);
            let text = admin.get("exports/credit-allowances.csv").await.text;
            let mut rows = csv::Reader::from_reader(text.as_bytes());
            let column = rows.headers().unwrap().iter().position(|name| name == "notes").unwrap();
            assert_eq!(&rows.records().next().unwrap().unwrap()[column], written);
        }
    }

    async fn every_csv_begins_with_a_byte_order_mark_on_request(app) {
        let case = app.a_case().held().create().await;
        let (admin, mark) = (app.as_admin().await, b"\xef\xbb\xbf");
        let of_member = format!("reports/user-activity.csv?user_id={}&", case.case.member_id);
        for path in [
            "exports/cases.csv?",
            "exports/users.csv?",
            "exports/documents.csv?",
            "exports/credit-allowances.csv?",
            "audit-log/export.csv?category=case&",
            "reports/activity-summary.csv?",
            of_member.as_str(),
            "reports/user-activity/users.csv?",
            "reports/case-changes.csv?",
            "reports/quality-review-audit.csv?",
            "reports/system-events.csv?",
        ] {
            let plain = admin.get(path).await;
            let marked = admin.get(&format!("{path}bom=true")).await;
            assert_eq!((plain.status(), marked.status()), (200, 200), "{path} {}", marked.text);
            assert!(!plain.bytes.starts_with(mark), "{path}");
            assert!(marked.bytes.starts_with(mark) && !marked.bytes[3..].starts_with(mark), "{path}");
            let header = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').next().unwrap().to_vec();
            assert_eq!(header(&marked.bytes[3..]), header(&plain.bytes), "{path}");
            assert!(!admin.get(&format!("{path}bom=false")).await.bytes.starts_with(mark), "{path}");
            let wrong = admin.get(&format!("{path}bom=1")).await;
            wrong.expect_problem(400, "invalid_parameter");
            assert_eq!(wrong.faults(), ["query /bom"]);
        }
        for path in ["exports/cases.ndjson?bom=true", "audit-log/export.ndjson?bom=true", "reports/case-changes?bom=true"] {
            let refused = admin.get(path).await;
            refused.expect_problem(400, "invalid_parameter");
            assert_eq!(refused.faults(), ["query /bom"], "{path}");
        }
    }

    async fn a_period_limits_an_export_to_the_rows_created_in_it(app) {
        app.a_case().create().await;
        app.pass(chrono::TimeDelta::days(2));
        let late = app.a_case().create().await;
        let (manager, mark) = (app.as_manager().await, app.mark().await);
        let csv = manager.get("exports/cases.csv?since=2026-12-02").await;
        assert_eq!(csv.text.lines().count(), 2);
        assert!(csv.text.contains(&late.case.case_number));
        assert_eq!(app.since(&mark).await[0]["metadata"]["filters"], json!({"since": "2026-12-02"}));
        manager.get("exports/cases.csv?since=2026-12-02&until=2026-12-01").await.expect_problem(400, "invalid_period");
        manager.get("exports/cases.csv?status=hold").await.expect_problem(400, "invalid_parameter");
    }

    async fn a_document_belongs_to_the_period_in_which_its_upload_was_completed(app) {
        let case = app.a_case().accepted().create().await;
        let begun = app.app.new_id();
        app.pass(chrono::TimeDelta::days(1));
        let tx = app.write().await;
        let slow = NewDocument {
            id: begun, document_type: DocumentType::Other, report_number: None, filename: "slow.pdf".to_owned(),
            content_type: "application/pdf".to_owned(), size_bytes: 1, sha256: "0".repeat(64), notes: None,
            uploaded_by_id: case.case.member_id,
        };
        tx.save(slow.of_case(&case.case).unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        let admin = app.as_admin().await;
        let rows = async |query: &str| admin.get(&format!("exports/documents.ndjson?{query}")).await.text.lines().count();
        assert_eq!((rows("until=2026-12-01").await, rows("since=2026-12-02").await), (0, 1));
    }

    async fn users_are_exported_only_for_administrators_and_without_secrets(app) {
        let member = app.as_member().await;
        let (manager, admin, mark) = (app.as_manager().await, app.as_admin().await, app.mark().await);
        for caller in [&member, &manager] {
            caller.get("exports/users.csv").await.expect_problem(403, "forbidden");
        }
        let csv = admin.get("exports/users.csv").await;
        assert!(
            csv.text.starts_with("id,username,email,first_name,last_name,phone_number,workshop_code,role,user_level,is_active,")
        );
        assert!(csv.text.contains(",member1,") && !csv.text.contains("argon2"));
        let rows = admin.get("exports/users.ndjson").await;
        assert_eq!(rows.text.lines().count(), csv.text.lines().count() - 1);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["bulk_export"; 4]);
        assert_eq!(trail.iter().filter(|entry| entry["outcome"] == "denied").count(), 2);
    }

    async fn documents_are_exported_with_their_metadata_and_without_their_content(app) {
        let case = app.a_case().accepted().create().await;
        let kept = app.as_member().await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        let gone = app.as_tech(3).await.upload(&case.url("documents"), &report(1)).await.expect(201);
        let (admin, draft) = (app.as_admin().await, app.a_case().create().await);
        app.as_member().await.upload(&draft.url("documents"), &pay_stub()).await.expect(201);
        admin.delete(&draft.path()).await.expect(204);
        let mark = app.mark().await;
        admin.delete(&format!("documents/{}", gone["id"].as_str().unwrap())).await.expect(204);

        let csv = admin.get("exports/documents.csv").await;
        let ndjson = admin.get("exports/documents.ndjson").await;

        let lines: Vec<&str> = csv.text.lines().collect();
        assert_eq!(
            lines[0],
            "id,case_id,case_number,document_type,report_number,filename,content_type,size_bytes,sha256,notes,\
             uploaded_by_username,created_at"
        );
        assert_eq!(lines.len(), 2, "neither the deleted one nor that of a deleted case is among them");
        assert!(lines[1].contains(&case.case.case_number) && lines[1].contains(",member1,"), "{}", lines[1]);
        let row: Json = serde_json::from_str(ndjson.text.lines().next().unwrap()).unwrap();
        for name in
            ["id", "document_type", "report_number", "filename", "content_type", "size_bytes", "sha256", "notes", "created_at"]
        {
            assert_eq!(row[name], kept[name], "{name}");
        }
        assert_eq!((&row["case_id"], &row["uploaded_by_username"]), (&json!(case.id()), &json!("member1")));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_deleted", "bulk_export", "bulk_export"]);
        let metadata = &trail[1]["metadata"];
        assert_eq!(metadata, &json!({
            "export_type": "documents", "format": "csv", "record_count": 1, "filters": {}, "size_bytes": csv.bytes.len(),
            "sha256": sha256_hex(&csv.bytes),
        }));
        app.as_manager().await.get("exports/documents.csv").await.expect_problem(403, "forbidden");
    }

    async fn allowances_are_exported_with_their_used_and_remaining_credits(app) {
        let (one, two) = (app.user("member1", Role::Member, None).await, app.user("member2", Role::Member, None).await);
        let (admin, mark) = (app.as_admin().await, app.mark().await);
        let url = |id: uuid::Uuid, quarter: &str| format!("users/{id}/credit-allowances/{quarter}");
        for (url, allowed_credits) in [(url(one.id, "2026-Q4"), 3), (url(two.id, "2026-Q4"), 1), (url(one.id, "2027-Q1"), 5)] {
            admin.send(Method::PUT, &url, Some(json!({"allowed_credits": allowed_credits}))).await.expect(201);
        }
        app.a_case().submitted().create().await;
        app.a_case().owned_by(&two).submitted().create().await;
        app.a_case().owned_by(&two).create().await;

        let csv = admin.get("exports/credit-allowances.csv").await;
        let ndjson = admin.get("exports/credit-allowances.ndjson").await;

        let columns =
            "id,member_id,member_username,quarter,allowed_credits,used_credits,remaining_credits,notes,created_at,updated_at";
        assert_eq!(csv.text.lines().next(), Some(columns));
        let rows: Vec<Json> = ndjson.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let figures: Vec<[&str; 4]> = rows
            .iter()
            .map(|row| {
                ["member_username", "quarter", "used_credits", "remaining_credits"].map(|name| row[name].as_str().unwrap())
            })
            .collect();
        assert_eq!(figures, [
            ["member1", "2026-Q4", "2.0", "1.0"], ["member2", "2026-Q4", "2.0", "-1.0"], ["member1", "2027-Q1", "0.0", "5.0"],
        ]);
        for row in &rows {
            let id = if row["member_username"] == "member1" { one.id } else { two.id };
            let shown = admin.get(&url(id, row["quarter"].as_str().unwrap())).await.expect(200);
            assert!(["id", "allowed_credits", "used_credits", "remaining_credits"].iter().all(|name| row[name] == shown[name]));
        }
        // A cell that is a formula to a spreadsheet is prefixed with an apostrophe; a negative number is not one.
        assert_eq!(csv.text.lines().nth(2).unwrap().split(',').nth(6), Some("-1.0"));
        let exports: Vec<Json> =
            app.since(&mark).await.into_iter().filter(|entry| entry["action_type"] == "bulk_export").collect();
        assert_eq!(exports.len(), 2);
        assert_eq!(
            (&exports[1]["metadata"]["export_type"], &exports[1]["metadata"]["record_count"]),
            (&json!("credit_allowances"), &json!(3))
        );
    }
}
