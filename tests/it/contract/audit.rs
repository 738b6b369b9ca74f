//! Each operation writes the audit entries of its `x-audit-actions`: every `always`, any of `may`, and no others.

use super::{operations, recipes};
use entity::audit::Action;
use std::collections::{BTreeMap, BTreeSet};

/// Recipes that write no entries, of operations that have another recipe that does.
const LEAVES_NOTHING: [&str; 1] = ["refresh_session"];

on_each_database! {
    async fn each_operation_writes_the_entries_it_declares(app) {
        let mut produced = BTreeSet::new();
        let operations = operations();
        let mut by_operation = BTreeMap::<&str, BTreeSet<String>>::new();
        let tries = operations.iter().flat_map(|operation| recipes::find(operation.id()).map(move |recipe| (operation, recipe)));
        for (operation, recipe) in tries {
            let Some(tried) = recipes::run(app, recipe).await else {
                panic!("{recipe} is no recipe in tests/it/contract/recipes.rs")
            };
            let status = tried.answer.status();
            assert!((200..300).contains(&status), "{}: {}", operation.id(), tried.answer.text);
            assert!(operation.statuses().contains(&status), "{} does not declare {status}", operation.id());
            let left: BTreeSet<String> =
                tried.left.iter().map(|entry| entry["action_type"].as_str().unwrap().to_owned()).collect();
            let always: BTreeSet<String> = operation.actions("always").into_iter().collect();
            let allowed: BTreeSet<String> = always.iter().cloned().chain(operation.actions("may")).collect();
            assert!(left.is_superset(&always), "{} left {left:?}, not all of {always:?}", operation.id());
            assert!(left.is_subset(&allowed), "{} left {left:?}, more than {allowed:?}", operation.id());
            let is_quiet = allowed.is_empty() || LEAVES_NOTHING.contains(&recipe);
            assert_eq!(left.is_empty(), is_quiet, "{recipe}: what it leaves");
            assert!(tried.left.iter().all(|entry| entry["outcome"] == "success"), "{}", operation.id());
            by_operation.entry(operation.id()).or_default().extend(left.iter().cloned());
            produced.extend(left);
        }
        for operation in &operations {
            let said: BTreeSet<String> = ["always", "may"].iter().flat_map(|list| operation.actions(list)).collect();
            let left = by_operation.remove(operation.id()).unwrap_or_default();
            assert_eq!(left, said, "{}: what it says it may leave has a recipe that shows it", operation.id());
        }
        for action in Action::all() {
            assert!(produced.contains(action.code()), "no operation leaves {action}");
        }
    }
}
