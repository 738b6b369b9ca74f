//! Searches by text: regardless of case by Unicode's full case folding, on both databases alike.

use crate::app::TestApp;
use entity::text::{Spelling, contains, folded, lowered, normalised};
use entity::user::Role;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, Query};
use serde_json::{Value as Json, json};

/// A stored name, a text sought, and whether it is found.
const PAIRS: [(&str, &str, bool); 36] = [
    ("ΟΔΟΣΑΝ", "ΟΔΟΣ", true),
    ("ΟΔΟΣΑΝ", "οδος", true),
    ("Οδοσαν", "ΟΔΟΣ", true),
    ("ΟΔΟΣ", "οδοσ", true),
    ("Οδός", "ΟΔΌΣ", true),
    ("Οδός", "ΟΔΟΣ", false),
    ("Straße", "STRASSE", true),
    ("Straße", "strasse", true),
    ("STRASSE", "straße", true),
    ("STRAẞE", "Strasse", true),
    ("Maßmann", "assm", true),
    ("Maßmann", "s", true),
    ("Maßmann", "SM", true),
    ("Masmann", "ß", false),
    ("İpek", "i\u{307}PEK", true),
    ("İpek", "ipek", false),
    ("İpek", "İPEK", true),
    ("Ipek", "ipek", true),
    ("Işık", "IŞI", false),
    ("Işık", "işık", true),
    ("Işık", "ŞIK", false),
    ("Eﬃe", "EFFIE", true),
    ("Eﬃe", "ffi", true),
    ("Eﬃe", "IE", true),
    ("Ŀuís", "ŀUÍS", true),
    ("Émile", "éMILE", true),
    ("Émile", "emile", false),
    ("Emile", "é", false),
    ("Ǆemal", "ǆEMAL", true),
    ("Ϊ\u{301}ων", "ΐΩΝ", true),
    ("ᾼδης", "ΑΙΔΗΣ", true),
    ("ДЖОН", "джон", true),
    ("ᏣᎳᎩ", "ꮳꮃꭹ", true),
    ("O[Neill", "o[n", true),
    ("O(Neill)*?.\\^$|{2}", "(neill)*?.\\^$|{2}", true),
    ("O_Neill", "o%n", false),
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whether the database finds a text in another.
async fn finds(app: &TestApp, text: &str, spelling: Spelling, sought: &str) -> bool {
    let backend = app.outside.get_database_backend();
    let found = contains(&Expr::val(text), spelling, sought, backend);
    let query = Query::select().expr(Expr::val(1)).cond_where(found).to_owned();
    app.outside.query_one_raw(backend.build(&query)).await.expect("a query").is_some()
}

on_each_database! {
    async fn a_text_is_found_regardless_of_case_in_cases_users_and_the_log(app) {
        let (by, admin) = (app.as_manager().await, app.as_admin().await);
        let user = app.user("seeker", Role::Manager, None).await;
        for (place, (stored, sought, is_found)) in PAIRS.into_iter().enumerate() {
            assert_eq!(folded(stored).contains(&folded(sought)), is_found, "{stored} {sought}");
            let name = format!("{place}{stored}");
            let case = app.a_case().create().await;
            by.patch(&case.path(), json!({"employee_last_name": name})).await.expect(200);
            admin.patch(&format!("users/{}", user.id), json!({"first_name": "Ada", "last_name": name})).await.expect(200);
            let lists = |list: Json, id: &str| list["data"].as_array().unwrap().iter().any(|row| row["id"] == *id);
            let cases = by.get(&format!("cases?q={}&limit=200", encoded(sought))).await.expect(200);
            assert_eq!(lists(cases, &case.id()), is_found, "case: {stored} {sought}");
            let users = by.get(&format!("users?q={}&limit=200", encoded(sought))).await.expect(200);
            assert_eq!(lists(users, &user.id.to_string()), is_found, "user: {stored} {sought}");
            let held = app.a_case().accepted().create().await;
            by.post(&held.url("hold"), json!({"reason": stored})).await.expect(200);
            let path = format!("audit-log?action_type=case_held&case_id={}", held.id());
            let entries = admin.get(&format!("{path}&q={}", encoded(sought))).await.expect(200);
            let count = entries["data"].as_array().unwrap().len();
            assert_eq!(count, usize::from(is_found), "entry: {stored} {sought}");
        }
    }

    async fn both_databases_fold_every_letter_as_the_service_does(app) {
        let mut tried = 0;
        for letter in ('\0'..='\u{1FFFF}').filter(|letter| *letter != 'ı') {
            let upper = normalised(&letter.to_uppercase().collect::<String>());
            let letter = normalised(&letter.to_string());
            // Only those that a comparison in lower case gets wrong.
            if folded(&letter) == lowered(&letter) && folded(&upper) == lowered(&upper) {
                continue;
            }
            tried += 1;
            let folding = folded(&letter);
            for (text, sought) in [(&letter, &upper), (&upper, &letter), (&upper, &folding)] {
                let text = format!("x{text}z");
                assert!(finds(app, &text, Spelling::AsWritten, &format!("X{sought}Z")).await, "{text} {sought}");
                assert!(finds(app, &lowered(&text), Spelling::Lowered, sought).await, "{text} {sought}");
                let other = format!("{sought}x");
                let is_there = folded(&text).contains(&folded(&other));
                assert_eq!(finds(app, &text, Spelling::AsWritten, &other).await, is_there, "{text} {other}");
            }
        }
        assert!(tried > 120, "{tried}");
    }

    async fn entries_of_an_earlier_version_are_found(app) {
        // As version 0.1 stored them: in lower case.
        let stored = "straße οδος i\u{307}pek ŉ eﬃe";
        for sought in ["STRASSE", "Οδοσ", "İPEK ʼN", "FFI", "E ΟΔΟΣ I"] {
            assert_eq!(lowered(stored), stored);
            assert!(finds(app, stored, Spelling::Lowered, sought).await, "{stored} {sought}");
        }
        assert!(!finds(app, "strase", Spelling::Lowered, "ß").await);
        let long = "ß".repeat(200);
        assert!(finds(app, &long, Spelling::Lowered, &"S".repeat(200)).await);
        assert!(finds(app, &"s".repeat(400), Spelling::AsWritten, &long).await);
    }
}
