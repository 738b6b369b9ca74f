//! Exporting the log.

use super::world::{data, happened, ids, newest_first};
use crate::app::actions;
use entity::audit::Event;
use entity::job::JobRun;
use entity::text::sha256_hex;
use entity::user::Role;
use serde_json::{Value as Json, json};

const COLUMNS: [&str; 16] = [
    "Timestamp",
    "User",
    "Action Type",
    "Description",
    "Case ID",
    "Related User",
    "IP Address",
    "Changes",
    "Metadata",
    "Entry ID",
    "Outcome",
    "Object Type",
    "Object ID",
    "Actor ID",
    "Actor Name",
    "Sequence",
];

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

on_each_database! {
    async fn a_csv_holds_every_entry_as_it_was_before_the_export(app) {
        let known = newest_first(happened(app).await);
        let by = app.as_manager().await;
        let before = newest_first(app.mark().await);

        let answer = by.get("audit-log/export.csv").await;

        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        let name = format!("attachment; filename=\"audit-log-{}.csv\"", app.clock.now().format("%Y%m%d-%H%M%S"));
        assert_eq!((answer.header("content-disposition"), answer.header("cache-control")), (name.as_str(), "no-store"));
        let rows = rows(&answer.text);
        assert_eq!(rows[0], COLUMNS);
        assert_eq!(rows.len() - 1, before.len());
        assert!(known.len() <= before.len() && answer.text.ends_with("\r\n") && !answer.text.replace("\r\n", "").contains('\r'));
        for (row, entry) in rows.iter().skip(1).zip(&before) {
            let text = |pointer: &str| entry.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
            let plain = [
                "/occurred_at",
                "/actor_label",
                "/action_type",
                "/description",
                "/case/case_number",
                "/related_user/username",
                "/ip_address",
            ];
            assert_eq!(row[..7], plain.map(text));
            let changes: Json = serde_json::from_str(&row[7]).unwrap();
            let values = |change: &Json| json!({"from": change["from"], "to": change["to"]});
            let values: serde_json::Map<_, _> =
                changes.as_object().unwrap().iter().map(|(field, change)| (field.clone(), values(change))).collect();
            assert_eq!(Json::Object(values), entry["changes"]);
            assert_eq!(serde_json::from_str::<Json>(&row[8]).unwrap(), entry["metadata"]);
            let joins = ["/id", "/outcome", "/object_type", "/object_id", "/actor/id", "/actor/full_name"];
            assert_eq!(row[9..15], joins.map(text));
            assert_eq!(row[15..], [""], "none is sealed yet");
        }
        let seen = app.since(&before).await;
        assert_eq!(actions(&seen), ["audit_log_accessed", "export_generated"]);
        assert_eq!(seen[0]["metadata"], json!({"view_type": "export", "filters": {}}));
        let exported = json!({
            "export_type": "audit_log", "format": "csv", "record_count": before.len(), "filters": {},
            "size_bytes": answer.bytes.len(), "sha256": sha256_hex(&answer.bytes),
        });
        assert_eq!(seen[1]["metadata"], exported);
    }

    async fn a_cell_is_never_a_formula(app) {
        let villain = app.user("-2+3-cmd", Role::Manager, None).await;
        let by = app.as_user(&villain).await;
        by.get("audit-log?q=%3DHYPERLINK(%22x%22)%0D%0A%2Cend").await.expect(200);

        let answer = app.as_admin().await.get(&format!("audit-log/export.csv?actor_id={}", villain.id)).await;

        let rows = rows(&answer.text);
        assert_eq!((rows.len(), rows[1][1].as_str()), (2, "'-2+3-cmd"));
        let metadata: Json = serde_json::from_str(&rows[1][8]).unwrap();
        assert_eq!(metadata["filters"]["q"], "=HYPERLINK(\"x\")\r\n,end");
        for cell in rows.iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
        }
    }

    async fn an_ndjson_export_has_one_complete_entry_per_line(app) {
        happened(app).await;
        let by = app.as_manager().await;
        let list = by.get("audit-log?limit=200&category=case&until=2026-12-03T08:00:00Z").await.expect(200);

        let answer = by.get("audit-log/export.ndjson?category=case&until=2026-12-03T08:00:00Z").await;

        let lines: Vec<Json> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, data(&list));
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        let last = app.mark().await.pop().unwrap();
        assert_eq!((&last["action_type"], &last["metadata"]["format"]), (&json!("export_generated"), &json!("ndjson")));
        assert_eq!(last["metadata"]["record_count"], lines.len());
    }

    async fn an_entry_is_one_line_for_every_reader(app) {
        let by = app.as_manager().await;
        for letter in ['\n', '\r', '\u{B}', '\u{C}', '\u{1C}', '\u{1E}', '\u{85}', '\u{2028}', '\u{2029}'] {
            let reason = format!("waiting{letter}for {letter}{letter} a pay stub");
            let case = app.a_case().accepted().create().await;
            by.post(&case.url("hold"), json!({"reason": reason})).await.expect(200);
            by.get(&format!("audit-log?case_id={}&q=%E2%80%A8%E2%80%A9%C2%85", case.id())).await.expect(200);
            let list = by.get(&format!("audit-log?case_id={}", case.id())).await.expect(200);

            let answer = by.get(&format!("audit-log/export.ndjson?case_id={}", case.id())).await;

            let lines: Vec<Json> = answer.lines_of_unicode().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines, data(&list), "{letter:?}");
            let held = lines.iter().find(|entry| entry["action_type"] == "case_held").unwrap();
            assert_eq!(held["metadata"]["reason"], json!(reason));
        }
        // The filters of readings are part of their entries.
        let answer = by.get("audit-log/export.ndjson?action_type=audit_log_accessed").await;
        let lines: Vec<Json> = answer.lines_of_unicode().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.iter().any(|entry| entry["metadata"]["filters"]["q"] == "\u{2028}\u{2029}\u{85}"));
    }

    async fn an_export_longer_than_a_batch_neither_skips_nor_duplicates_entries(app) {
        let by = app.as_manager().await;
        let tx = app.write().await;
        for _ in 0..1_010 {
            let run = JobRun::scheduled(0, 0, None, 1);
            tx.record(Event::cron_job_executed("check_expired_holds", &run)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let before = newest_first(app.mark().await);
        let answer = by.get("audit-log/export.ndjson").await;
        let lines: Vec<Json> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.len() > 1_000);
        assert_eq!(ids(&lines), ids(&before));
        let nothing = by.get("audit-log/export.csv?case_number=none").await;
        assert_eq!(rows(&nothing.text), [COLUMNS]);
        assert_eq!(by.get("audit-log/export.ndjson?case_number=none").await.text, "");
    }

    /// The lines are made of the stored text, whatever is in it.
    async fn a_line_is_the_entry_of_the_list_with_every_kind_of_value(app) {
        let by = app.as_manager().await;
        let tx = app.write().await;
        let nested = json!([1, 2.5, null, {"a": {"b": "\u{85}"}}]);
        for value in [json!("\u{2028}\"\\\n\u{7}é😀"), nested, json!({}), json!(-0.001), json!(true)] {
            let facts = json!({"notes": "x", "anything": value}).as_object().cloned().unwrap();
            tx.record(Event::reported_activity("imported", "A \"quoted\", line\u{2029}", None, facts)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let list = by.get("audit-log?limit=200&category=other").await.expect(200);

        let answer = by.get("audit-log/export.ndjson?category=other").await;
        let table = by.get("audit-log/export.csv?category=other").await;

        let lines: Vec<Json> = answer.lines_of_unicode().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines), (5, &data(&list)));
        for (row, entry) in rows(&table.text).iter().skip(1).zip(&lines) {
            assert_eq!(serde_json::from_str::<Json>(&row[8]).unwrap(), entry["metadata"]);
            assert_eq!((&json!(row[3]), &json!(row[9])), (&entry["description"], &entry["id"]));
        }
    }

    async fn an_export_accepts_no_page_parameters(app) {
        let by = app.as_manager().await;
        let answer = by.get("audit-log/export.csv?limit=5").await;
        answer.expect_problem(400, "invalid_parameter");
        assert_eq!(answer.faults(), ["query /limit"]);
    }
}
