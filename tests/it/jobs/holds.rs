//! Holds that exceed their expected duration: the users who can act on them are notified, once.

use super::run::forbid;
use crate::app::actions;
use chrono::TimeDelta;
use serde_json::json;

on_each_database! {
    async fn a_reminder_that_fails_keeps_no_other_from_being_sent(app) {
        let mut cases = Vec::new();
        for _ in 0..3 {
            let case = app.a_case().accepted().create().await;
            let held = json!({"reason": "waiting for pay stub", "hold_duration_days": 1});
            app.as_manager().await.post(&case.url("hold"), held).await.expect(200);
            cases.push(case);
        }
        app.pass(TimeDelta::days(2));
        let number = &cases[0].case.case_number;
        let condition = format!("NEW.case_id = (SELECT id FROM cases WHERE case_number = '{number}')");
        forbid(app, "INSERT ON overdue_holds", &condition).await;
        let (admin, manager) = (app.as_admin().await, app.as_manager().await);

        for (status, processed) in [("success", 3), ("failure", 1)] {
            let run = admin.post("jobs/check_expired_holds/run", json!({})).await.expect(200);
            let counts = (&run["records_processed"], &run["records_failed"]);
            assert_eq!((&run["status"], counts), (&json!(status), (&json!(processed), &json!(1))));
        }
        let alerts = manager.get("alerts").await.expect(200)["data"].clone();
        let mut told: Vec<&str> =
            alerts.as_array().unwrap().iter().map(|alert| alert["case"]["case_number"].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, [cases[1].case.case_number.as_str(), cases[2].case.case_number.as_str()], "each once");
    }

    async fn a_hold_that_is_prolonged_is_overdue_again_only_after_its_new_end(app) {
        let case = app.a_case().accepted().create().await;
        let held = json!({"reason": "waiting for pay stub", "hold_duration_days": 1});
        app.as_manager().await.post(&case.url("hold"), held).await.expect(200);
        let run = async || {
            let admin = app.as_admin().await;
            admin.post("jobs/check_expired_holds/run", json!({})).await.expect(200)["records_processed"].clone()
        };
        let change = async |body| app.as_manager().await.patch(&case.url("hold"), body).await.expect(200);
        change(json!({"hold_duration_days": 2})).await;
        app.pass(TimeDelta::days(1));
        assert_eq!(run().await, 0, "prolonged before it was overdue");
        app.pass(TimeDelta::days(1));
        assert_eq!((run().await, run().await), (json!(1), json!(0)));
        change(json!({"reason": "still waiting"})).await;
        assert_eq!(run().await, 0, "the same end");
        change(json!({"hold_duration_days": 4})).await;
        assert_eq!(run().await, 0);
        app.pass(TimeDelta::days(2));
        assert_eq!((run().await, run().await), (json!(1), json!(0)));
        let alert = app.as_manager().await.get("alerts").await.expect(200)["data"][0]["message"].clone();
        assert!(alert.as_str().unwrap().contains(" on Saturday, 5 December 2026, 09:00 (America/Chicago)."), "{alert}");
        change(json!({"hold_duration_days": null})).await;
        app.pass(TimeDelta::days(100));
        assert_eq!(run().await, 0, "open-ended");
        change(json!({"hold_duration_days": 3})).await;
        assert_eq!(run().await, 1, "shortened to an end that has passed");
    }

    async fn an_overdue_hold_is_notified_once_and_not_resumed(app) {
        let tech = app.tech(2).await;
        let case = app.a_case().accepted().assigned_to(&tech).create().await;
        let (manager, admin) = (app.as_manager().await, app.as_admin().await);
        let held = json!({"reason": "waiting for pay stub", "hold_duration_days": 1});
        manager.post(&case.url("hold"), held.clone()).await.expect(200);
        let run = async || admin.post("jobs/check_expired_holds/run", json!({})).await.expect(200)["records_processed"].clone();
        assert_eq!(run().await, 0, "it may still last");

        app.pass(TimeDelta::days(1));
        let (admin, manager, tech) = (app.as_admin().await, app.as_manager().await, app.as_user(&tech).await);
        let run = async || admin.post("jobs/check_expired_holds/run", json!({})).await.expect(200)["records_processed"].clone();
        let mark = app.mark().await;
        assert_eq!((run().await, run().await), (json!(1), json!(0)));

        assert_eq!(actions(&app.since(&mark).await), ["cron_job_executed", "cron_job_executed"]);
        assert_eq!(manager.get(&case.path()).await.expect(200)["status"], "hold");
        for one in [&manager, &tech] {
            let alert = one.get("alerts").await.expect(200)["data"][0].clone();
            assert_eq!(alert["kind"], "hold_overdue");
            assert_eq!(
                alert["message"],
                "It was expected to end on Wednesday, 2 December 2026, 09:00 (America/Chicago). The case stays on hold until it \
                 is resumed."
            );
        }

        manager.post(&case.url("resume"), json!({"reason": "it came"})).await.expect(200);
        manager.post(&case.url("hold"), held).await.expect(200);
        admin.patch("settings", json!({"time_zone": "Asia/Tokyo"})).await.expect(200);
        app.pass(TimeDelta::days(1));
        let admin = app.as_admin().await;
        let again = admin.post("jobs/check_expired_holds/run", json!({})).await.expect(200);
        assert_eq!(again["records_processed"], 1, "another hold is another story");
        let alert = app.as_manager().await.get("alerts").await.expect(200)["data"][0]["message"].clone();
        assert!(alert.as_str().unwrap().contains(" on Friday, 4 December 2026, 00:00 (Asia/Tokyo)."), "{alert}");
    }
}
