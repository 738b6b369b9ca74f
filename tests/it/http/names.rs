//! Names displayed to people, wherever they are given.

use crate::app::Form;
use crate::documents::PDF;
use serde_json::{Value as Json, json};

const SCRIPTS: [&str; 7] = ["Żaneta", "محمد عبد الله", "क्षीरसागर", "Nguyễn Thị", "山田　太郎", "김민준", "O'Brien-Núñez"];
const DECEPTIVE: [&str; 16] = [
    " Ada",
    "Ada ",
    "\u{A0}Ada",
    "A\u{AD}da",
    "A\u{200D}da",
    "A\u{200B}da",
    "A\u{202E}da",
    "A\u{2028}da",
    "A\u{2029}da",
    "A\u{3164}da",
    "A\u{115F}da",
    "A\u{FE0F}da",
    "A\u{180E}da",
    "A\u{E0041}da",
    "A\u{85}da",
    "Z\u{324}\u{325}\u{326}\u{327}\u{328}algo",
];

on_each_database! {
    async fn a_deceptive_name_is_refused_in_every_field(app) {
        let (admin, member) = (app.as_admin().await, app.as_member().await);
        let other = app.user("member2", entity::user::Role::Member, None).await;
        let case = app.a_case().create().await;
        let mark = app.mark().await;
        for name in DECEPTIVE {
            for field in ["first_name", "last_name", "phone_number", "workshop_code"] {
                let edit = json!({field: name});
                let mut new = json!({
                    "username": "member7", "email": "member7@example.org", "first_name": "Ada", "last_name": "Moss",
                    "role": "member", "workshop_code": "ws007", "password": "eleven green bottles",
                });
                new[field] = json!(name);
                let edits = [
                    admin.post("users", new).await,
                    admin.patch(&format!("users/{}", other.id), edit.clone()).await,
                    member.patch("auth/me", edit).await,
                ];
                for answer in edits {
                    answer.expect_problem(422, "validation_failed");
                    assert_eq!(answer.faults(), [format!("body /{field}")], "{name:?}");
                }
            }
            for field in ["employee_first_name", "employee_last_name"] {
                let mut new = json!({"employee_first_name": "Ada", "employee_last_name": "Moss"});
                new[field] = json!(name);
                for answer in [member.post("cases", new).await, member.patch(&case.path(), json!({field: name})).await] {
                    answer.expect_problem(422, "validation_failed");
                    assert_eq!(answer.faults(), [format!("body /{field}")], "{name:?}");
                }
            }
            // Leading and trailing whitespace is removed from file names; some programs send it.
            if name.trim() != name {
                continue;
            }
            let form = Form::new().text("document_type", "other").file(name, "application/pdf", PDF);
            member.upload(&case.url("documents"), &form).await.expect_problem(422, "validation_failed");
        }
        assert_eq!(app.since(&mark).await, Vec::<Json>::new());
    }

    async fn names_that_look_alike_are_different_names(app) {
        let (latin, cyrillic) = ("Moss", "\u{41C}oss");
        let member = app.as_member().await;
        for name in [latin, cyrillic] {
            member.post("cases", json!({"employee_first_name": "Ada", "employee_last_name": name})).await.expect(201);
        }
        for name in [latin, cyrillic] {
            let found = member.get(&format!("cases?q={name}")).await.expect(200);
            let names: Vec<&Json> = found["data"].as_array().unwrap().iter().map(|case| &case["employee_last_name"]).collect();
            assert_eq!(names, [name]);
        }
    }

    async fn names_of_all_scripts_are_accepted(app) {
        let member = app.as_member().await;
        for name in SCRIPTS {
            let mark = app.mark().await;
            let case = member.post("cases", json!({"employee_first_name": name, "employee_last_name": name})).await.expect(201);
            assert_eq!(case["employee_last_name"], name);
            let trail = app.since(&mark).await;
            assert_eq!((trail.len(), &trail[0]["changes"]["employee_first_name"]["to"]), (1, &json!(name)));
        }
    }
}
