//! Adding a document to a case.

use super::{PDF, id, pay_stub, rows, stored};
use crate::app::{Form, actions};
use crate::contract::recipes::report;
use entity::text::sha256_hex;
use entity::user::Role;
use serde_json::json;

const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01";

on_each_database! {
    async fn a_document_is_stored_and_recorded(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        let mark = app.mark().await;

        let form = pay_stub().text("notes", "of October");
        let answer = by.upload(&case.url("documents"), &form).await;

        let document = answer.expect(201);
        assert_eq!(answer.header("location"), format!("/api/v1/documents/{}", id(&document)));
        assert_eq!(document, json!({
            "id": document["id"], "case": {"id": case.id(), "case_number": case.case.case_number}, "document_type": "supporting",
            "report_number": null, "filename": "pay stub.pdf", "content_type": "application/pdf", "size_bytes": PDF.len(),
            "sha256": sha256_hex(PDF), "notes": "of October",
            "uploaded_by": {"id": by.id(), "username": "member1", "full_name": "Ada member1"},
            "created_at": "2026-12-01T15:00:00.000Z", "allowed_actions": ["download", "delete"], "blocked_actions": [],
        }));
        assert_eq!(stored(app), [id(&document)]);
        assert_eq!(std::fs::read(app.documents.path().join(id(&document))).unwrap(), PDF);
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_uploaded"]);
        let entry = &trail[0];
        assert_eq!(entry["metadata"], json!({
            "filename": "pay stub.pdf", "file_size": PDF.len(), "document_type": "supporting", "report_number": null,
            "uploaded_by_role": "member",
        }));
        assert_eq!(entry["document"], json!({"id": document["id"], "filename": "pay stub.pdf"}));
        assert_eq!(entry["case"], document["case"]);
        assert_eq!((&entry["object_type"], &entry["object_id"]), (&json!("document"), &document["id"]));
        assert_eq!(entry["changes"]["sha256"], json!({"from": null, "to": sha256_hex(PDF)}));
        assert_eq!(entry["changes"]["notes"], json!({"from": null, "to": "of October"}));
        assert_eq!(app.as_manager().await.get(&case.path()).await.expect(200)["has_member_updates"], true);
    }

    async fn uploads_to_a_draft_or_by_staff_are_not_flagged_as_member_updates(app) {
        let draft = app.a_case().create().await;
        app.as_member().await.upload(&draft.url("documents"), &pay_stub()).await.expect(201);
        let case = app.a_case().accepted().create().await;
        app.as_tech(3).await.upload(&case.url("documents"), &pay_stub()).await.expect(201);
        for case in [draft, case] {
            assert_eq!(app.as_manager().await.get(&case.path()).await.expect(200)["has_member_updates"], false);
        }
    }

    async fn texts_with_control_characters_of_their_encoding_and_archives_of_office_are_taken(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        let office = |second: &str| {
            let entry = |name: &str| {
                let mut entry = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\x02\0\0\0\x02\0\0\0".to_vec();
                entry.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
                entry.extend([b"\0\0", name.as_bytes(), &[b' '; 60]].concat());
                entry
            };
            [entry("[Content_Types].xml"), entry("_rels/.rels"), entry(second), entry(second)].concat()
        };
        let (docx, xlsx) = (office("word/document.xml"), office("xl/workbook.xml"));
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        for (name, declared, bytes, found) in [
            ("japanese.csv", "text/csv", &b"\x1b$BL>A0\x1b(B;1\r\n"[..], "text/csv"),
            ("japanese.csv", "text/csv; charset=iso-2022-jp", b"id,\x1b$B;aL>\x1b(J\n1,\x1b$B;3ED\x1b(J\n", "text/csv"),
            ("korean.txt", "text/plain", b"\x1b$)C\x0e@L8'\x0f\n", "text/plain"),
            ("dos.csv", "text/csv", b"a;b\r\n1;2\r\n\x1a", "text/csv"),
            ("dos.txt", "", b"a note\r\n\x1a\x1a\x1a", "text/plain"),
            ("contract.docx", "application/zip", &docx, word),
            ("contract.docx", "application/x-zip-compressed", &docx, word),
            ("list.xlsx", "application/x-zip-compressed", &xlsx, sheet),
            ("list.xlsx", "application/zip", &xlsx, sheet),
        ] {
            let form = Form::new().text("document_type", "supporting").file(name, declared, bytes);
            let document = by.upload(&case.url("documents"), &form).await.expect(201);
            assert_eq!(document["content_type"], found, "{name} {declared}");
        }
        let refused = [("text/plain", &b"a\x1ab"[..]), ("text/plain", b"\x1b[2Jgone"), ("application/zip", b"PK\x03\x04 x")];
        for (declared, bytes) in refused {
            let form = Form::new().text("document_type", "supporting").file("odd", declared, bytes);
            by.upload(&case.url("documents"), &form).await.expect_problem(422, "validation_failed");
        }
    }

    async fn a_report_replaces_the_one_of_its_number(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_tech(3).await;
        let other = by.upload(&case.url("documents"), &report(2)).await.expect(201);
        let first = by.upload(&case.url("documents"), &report(1)).await.expect(201);
        let mark = app.mark().await;

        let second = by.upload(&case.url("documents"), &report(1)).await.expect(201);

        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["document_deleted", "document_uploaded"]);
        assert_eq!((&trail[0]["object_id"], &trail[0]["metadata"]["replaced_by"]), (&first["id"], &second["id"]));
        assert_eq!(trail[0]["request_id"], trail[1]["request_id"]);
        by.get(&format!("documents/{}", id(&first))).await.expect_problem(404, "not_found");
        let list = by.get(&case.url("documents")).await.expect(200);
        let ids: Vec<String> = list["data"].as_array().unwrap().iter().map(id).collect();
        assert_eq!(ids, [id(&second), id(&other)]);
        assert_eq!((rows(app).await, stored(app).len()), (3, 3), "what was replaced is kept");
    }

    async fn a_file_name_is_stored_without_its_path(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        for (sent, kept) in [
            ("C:\\\\Users\\\\Mia\\\\stub.pdf", "stub.pdf"),
            ("../../etc/passwd", "passwd"),
            ("Lohn für Größe.pdf", "Lohn für Größe.pdf"),
            ("Cafe\u{301}.pdf", "Café.pdf"),
            ("the %22last%22 stub.pdf", "the \"last\" stub.pdf"),
        ] {
            let form = Form::new().text("document_type", "other").file(sent, "", PDF);
            assert_eq!(by.upload(&case.url("documents"), &form).await.expect(201)["filename"], kept);
        }
    }

    async fn a_declared_media_type_may_be_any_name_of_the_type(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        let csv = &b"month,gross\r\n10,4200\r\n"[..];
        for (filename, declared, bytes, stored) in [
            ("scan.jpg", "image/jpg", JPEG, "image/jpeg"),
            ("scan.jpg", "image/pjpeg", JPEG, "image/jpeg"),
            ("scan.jpg", "IMAGE/JPEG; name=scan.jpg", JPEG, "image/jpeg"),
            ("scan.jpg", "image/jpeg; name=last scan; x", JPEG, "image/jpeg"),
            ("scan.jpg", "application/octet-stream", JPEG, "image/jpeg"),
            ("stub.pdf", "application/x-pdf", PDF, "application/pdf"),
            ("stub.pdf", "Application/PDF", PDF, "application/pdf"),
            ("wages.csv", "application/vnd.ms-excel", csv, "text/csv"),
            ("wages.csv", "text/comma-separated-values", csv, "text/csv"),
            ("wages.csv", "application/csv; header=present", csv, "text/csv"),
            ("wages.csv", "TEXT/CSV;charset=windows-1252", csv, "text/csv"),
            ("wages.csv", "", csv, "text/plain"),
        ] {
            let form = Form::new().text("document_type", "other").file(filename, declared, bytes);
            let added = by.upload(&case.url("documents"), &form).await.expect(201);
            assert_eq!(added["content_type"], stored, "{filename} {declared}");
        }
    }

    async fn a_text_may_be_in_any_encoding(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        let text = "Größe;Wert\r\n1;2\r\n";
        let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
        let wide = |write: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(write).collect::<Vec<u8>>();
        let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        for (what, bytes) in [
            ("UTF-8", text.as_bytes().to_vec()),
            ("UTF-8 with a mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
            ("ISO 8859-1", latin.clone()),
            ("Windows-1252", [&latin, &b"\x80 5;\x84so\x93\r\n"[..]].concat()),
            ("UTF-16LE", little.clone()),
            ("UTF-16BE", big.clone()),
            ("UTF-16LE with a mark", [b"\xff\xfe".to_vec(), little].concat()),
            ("UTF-16BE with a mark", [b"\xfe\xff".to_vec(), big].concat()),
        ] {
            for declared in ["text/csv", "text/plain"] {
                let form = Form::new().text("document_type", "other").file("wages.csv", declared, &bytes);
                let added = by.upload(&case.url("documents"), &form).await.expect(201);
                assert_eq!(added["content_type"], declared, "{what}");
                assert_eq!(added["sha256"], sha256_hex(&bytes), "{what}");
            }
        }
    }

    async fn an_upload_retried_with_its_idempotency_key_is_stored_once(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await.with("Idempotency-Key", "stub-october");
        let mark = app.mark().await;
        let form = |boundary: &str, bytes: &[u8]| {
            Form::with_boundary(boundary).text("document_type", "other").file("stub.pdf", "application/pdf", bytes)
        };
        let first = by.upload(&case.url("documents"), &form("one", PDF)).await;
        let again = by.upload(&case.url("documents"), &form("another", PDF)).await;
        assert_eq!((first.status(), again.status(), &again.text), (201, 201, &first.text));
        assert_eq!(again.header("idempotency-replayed"), "true");
        let other = by.upload(&case.url("documents"), &form("one", b"%PDF-1.7 another")).await;
        other.expect_problem(422, "idempotency_key_reused");
        assert_eq!(actions(&app.since(&mark).await), ["document_uploaded"]);
        assert_eq!(stored(app), [id(&first.json())]);
    }

    async fn concurrent_uploads_of_the_same_report_both_succeed_and_one_is_kept(app) {
        let case = app.a_case().accepted().create().await;
        let (one, other) = (app.as_manager().await, app.as_tech(3).await);
        let (path, form) = (case.url("documents"), report(1));
        let (first, second) = tokio::join!(one.upload(&path, &form), other.upload(&path, &form));
        first.expect(201);
        second.expect(201);
        let list = one.get(&case.url("documents")).await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), 1);
    }

    async fn uploads_depend_on_the_callers_relation_to_the_case(app) {
        let stranger = app.user("member2", Role::Member, None).await;
        let callers = [
            ("member", app.as_member().await, 201, 403),
            ("stranger", app.as_user(&stranger).await, 404, 404),
            ("assignee", app.as_tech(3).await, 201, 201),
            ("technician", app.as_tech(2).await, 403, 403),
            ("manager", app.as_manager().await, 201, 201),
            ("administrator", app.as_admin().await, 201, 201),
        ];
        for (who, by, other, of_report) in callers {
            let case = app.a_case().accepted().create().await;
            let (mark, files) = (app.mark().await, stored(app).len());
            for (form, status) in [(pay_stub(), other), (report(1), of_report)] {
                assert_eq!(by.upload(&case.url("documents"), &form).await.status(), status, "{who}");
            }
            let trail = app.since(&mark).await;
            assert_eq!(actions(&trail), ["document_uploaded"; 2], "{who}");
            let done = [other, of_report].iter().filter(|status| **status == 201).count();
            let outcome = |outcome: &str| trail.iter().filter(|entry| entry["outcome"] == outcome).count();
            assert_eq!((outcome("success"), outcome("denied")), (done, 2 - done), "{who}");
            assert_eq!(stored(app).len(), files + done, "{who}");
        }
    }

    async fn reports_are_accepted_while_the_case_is_in_progress_and_other_documents_always(app) {
        let cases = [
            (app.a_case().create().await, false),
            (app.a_case().submitted().create().await, false),
            (app.a_case().accepted().create().await, true),
            (app.a_case().held().create().await, true),
            (app.a_case().pending_review().create().await, true),
            (app.a_case().completed().create().await, false),
        ];
        let (manager, member) = (app.as_manager().await, app.as_member().await);
        for (case, takes_reports) in cases {
            member.upload(&case.url("documents"), &pay_stub()).await.expect(201);
            let answer = manager.upload(&case.url("documents"), &report(1)).await;
            match takes_reports {
                true => drop(answer.expect(201)),
                false => {
                    let problem = answer.expect_problem(409, "invalid_case_state");
                    assert_eq!(problem["allowed_from"], json!(["accepted", "hold", "pending_review"]));
                }
            }
        }
        assert_eq!(stored(app).len(), rows(app).await);
    }
}
