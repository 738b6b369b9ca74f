//! What holds after every test, whatever it did: chains are unbroken, and replaying the trail gives the live rows.

use super::TestApp;
use entity::audit::{Audited, facts};
use entity::{case, user};
use sea_orm::EntityTrait;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

pub async fn check(app: &TestApp) {
    let trail = app.whole_trail().await;
    for entry in &trail {
        assert!(entry["actor_type"].is_string() && entry["object_type"].is_string() && entry["object_id"].is_string());
    }
    let told = replay(&trail);
    for row in case::Entity::find().all(&app.outside).await.expect("cases") {
        compare(&told, case::Entity::OBJECT, &row.id.to_string(), &facts::<case::Entity>(&row));
    }
    for row in user::Entity::find().all(&app.outside).await.expect("users") {
        compare(&told, user::Entity::OBJECT, &row.id.to_string(), &facts::<user::Entity>(&row));
    }
}

/// Folds every entry's changes; each `from` must be the `to` before.
fn replay(trail: &[Json]) -> BTreeMap<(String, String), Map<String, Json>> {
    let mut told: BTreeMap<(String, String), Map<String, Json>> = BTreeMap::new();
    for entry in trail {
        let text = |key: &str| entry[key].as_str().expect("text").to_owned();
        let row = told.entry((text("object_type"), text("object_id"))).or_default();
        for (field, change) in entry["changes"].as_object().expect("changes") {
            let before = row.get(field).cloned().unwrap_or(Json::Null);
            assert_eq!(change["from"], before, "the chain of {field} is broken: {entry}");
            row.insert(field.clone(), change["to"].clone());
        }
    }
    told
}

fn compare(told: &BTreeMap<(String, String), Map<String, Json>>, object: &str, id: &str, live: &Map<String, Json>) {
    let known = told.get(&(object.to_owned(), id.to_owned())).unwrap_or_else(|| panic!("{object} {id} has no entry"));
    for (field, value) in live {
        assert_eq!(known.get(field).unwrap_or(&Json::Null), value, "{object} {id}: {field} as told and as it is");
    }
}
