//! Files of uploads that were never completed are collected; every file that a row refers to is kept.

use super::{id, pay_stub, stored};
use crate::app::TestApp;
use api::worker::orphans::collect_orphans;
use chrono::{DateTime, TimeDelta, Utc};
use std::fs::File;
use uuid::Uuid;

/// Puts a file into the storage, bypassing the service.
fn leave(app: &TestApp, name: &str, at: DateTime<Utc>) {
    let file = File::create(app.documents.path().join(name)).unwrap();
    file.set_modified(at.into()).unwrap();
}

on_each_database! {
    async fn orphaned_files_are_collected_after_a_day(app) {
        let case = app.a_case().accepted().create().await;
        let by = app.as_member().await;
        let kept = id(&by.upload(&case.url("documents"), &pay_stub()).await.expect(201));
        let deleted = id(&by.upload(&case.url("documents"), &pay_stub()).await.expect(201));
        by.delete(&format!("documents/{deleted}")).await;
        let (old, young) = (app.clock.now() - TimeDelta::hours(25), app.clock.now() - TimeDelta::hours(23));
        for name in [&kept, &deleted] {
            File::open(app.documents.path().join(name)).unwrap().set_modified(old.into()).unwrap();
        }
        let [orphan, recent, beginning, going_on] = [(); 4].map(|()| Uuid::now_v7().to_string());
        leave(app, &orphan, old);
        leave(app, &recent, young);
        leave(app, &format!("{beginning}#1"), old);
        leave(app, &format!("{going_on}#1"), young);
        leave(app, "other notes.txt", old);

        assert_eq!(collect_orphans(&app.app).await.unwrap(), 2);

        let mut left = stored(app);
        left.sort();
        let mut expected = vec![kept, deleted, recent, format!("{going_on}#1"), "other notes.txt".to_owned()];
        expected.sort();
        assert_eq!(left, expected);
        assert_eq!(collect_orphans(&app.app).await.unwrap(), 0);
    }
}
