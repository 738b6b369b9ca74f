//! Mail servers that don't answer, refuse authentication, or are slow: no email is lost, and nothing else waits.

use super::hold;
use crate::app::{Exposition, Kind, MailServer, Manner, Process, Settings, TestApp, actions, at};
use api::worker::scheduler;
use chrono::TimeDelta;
use entity::clock::Clock;
use entity::job::{self, JobName};
use entity::outbox::{self, MailStatus};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value as Json, json};
use std::time::Duration;

const KINDS: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];
/// Longer than anything here takes, even on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start(kind: Kind, smtp_url: String) -> Option<TestApp> {
    TestApp::start_with(kind, Settings { smtp_url: Some(smtp_url), ..Settings::default() }).await
}

async fn mails(app: &TestApp) -> Vec<outbox::Model> {
    outbox::Entity::find().order_by_asc(outbox::Column::Id).all(&app.outside).await.unwrap()
}

async fn send(app: &TestApp) -> Json {
    app.as_admin().await.post("jobs/send_scheduled_emails/run", json!({})).await.expect(200)
}

async fn runs(app: &TestApp, job: &str) -> Vec<Json> {
    let list = app.as_manager().await.get(&format!("job-runs?job_name={job}")).await.expect(200);
    list["data"].as_array().unwrap().clone()
}

async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("in time");
}

#[tokio::test]
async fn a_run_without_a_server_ends_at_the_first_email_and_leaves_the_others_untried() {
    for kind in KINDS {
        let Some(app) = start(kind, "smtp://127.0.0.1:1".to_owned()).await else { continue };
        for _ in 0..3 {
            hold(&app).await;
        }
        let run = send(&app).await;
        assert_eq!(
            (&run["status"], &run["records_processed"], &run["records_failed"]),
            (&json!("failure"), &json!(1), &json!(1))
        );
        let held: Vec<(MailStatus, i32)> = mails(&app)
            .await
            .iter()
            .filter(|mail| mail.template == "case_held")
            .map(|mail| (mail.status, mail.attempts))
            .collect();
        assert_eq!(held, [(MailStatus::Pending, 1), (MailStatus::Pending, 0), (MailStatus::Pending, 0)]);
        app.finish().await;
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_session_fails_no_email_permanently() {
    for (manner, said) in [(Manner::Closed, "no such user"), (Manner::NotAtHome, "no SMTP service here")] {
        let server = MailServer::start(manner).await;
        for kind in KINDS {
            let Some(app) = start(kind, server.url()).await else { continue };
            hold(&app).await;
            hold(&app).await;
            let run = send(&app).await;
            assert_eq!((&run["status"], &run["records_processed"]), (&json!("failure"), &json!(1)));
            assert!(run["error_message"].as_str().unwrap().contains(said), "{run}");
            assert!(mails(&app).await.iter().all(|mail| mail.status == MailStatus::Pending));
            app.finish().await;
        }
        assert_eq!(server.taken().len(), 0);
    }
}

#[tokio::test]
async fn an_email_that_a_server_cannot_accept_fails_and_the_others_are_sent() {
    for kind in KINDS {
        let server = MailServer::start(Manner::Slow(Duration::ZERO)).await;
        let Some(app) = start(kind, server.url()).await else { continue };
        app.as_member().await.patch("auth/me", json!({"email": "ada@bücher.example"})).await.expect(200);
        hold(&app).await;
        app.as_member().await.patch("auth/me", json!({"email": "ada@example.org"})).await.expect(200);
        hold(&app).await;
        let run = send(&app).await;
        assert_eq!(
            (&run["status"], &run["records_processed"], &run["records_failed"]),
            (&json!("success"), &json!(2), &json!(1))
        );
        let statuses: Vec<MailStatus> = mails(&app).await.iter().map(|mail| mail.status).collect();
        assert_eq!((statuses, server.taken().len()), (vec![MailStatus::Failed, MailStatus::Sent], 1));
        app.finish().await;
    }
}

/// The figures of the emails' own failures: in the report, in the metrics, and the alerts of a failed run.
async fn failures(app: &TestApp) -> (i64, f64, usize) {
    let by = app.as_admin().await;
    let report = by.get("reports/system-events").await.expect(200);
    let metrics = Exposition::parse(&app.as_anonymous().get("/metrics").await.text);
    let failed = metrics.value("casetrail_emails_total{template=\"case_held\",status=\"failed\"}");
    let alerts = by.get("alerts").await.expect(200);
    (report["health"]["failed_emails_24h"].as_i64().unwrap(), failed, alerts["data"].as_array().unwrap().len())
}

#[tokio::test]
async fn a_greylisted_email_is_sent_later_and_is_no_failure() {
    for kind in KINDS {
        let server = MailServer::start(Manner::Greylisting(1)).await;
        let Some(app) = start(kind, server.url()).await else { continue };
        drop(app.as_admin().await);
        hold(&app).await;
        let mark = app.mark().await;

        let run = send(&app).await;

        let counts = ["records_processed", "records_failed", "records_deferred"].map(|name| run[name].as_i64().unwrap());
        assert_eq!((&run["status"], counts, &run["error_message"]), (&json!("success"), [1, 0, 1], &Json::Null));
        let trail = app.since(&mark).await;
        assert_eq!(actions(&trail), ["cron_job_executed"]);
        assert_eq!((&trail[0]["outcome"], &trail[0]["metadata"]["records_deferred"]), (&json!("success"), &json!(1)));
        let waiting = mails(&app).await.remove(0);
        assert_eq!((waiting.status, waiting.attempts), (MailStatus::Pending, 1));
        assert!(waiting.last_error.unwrap().contains("greylisted"));
        assert_eq!(failures(&app).await, (0, 0.0, 0));
        assert_eq!(send(&app).await["records_processed"], 0, "not before its time");

        app.pass(TimeDelta::minutes(5));
        let mark = app.mark().await;
        let run = send(&app).await;
        assert_eq!((&run["records_processed"], &run["records_deferred"]), (&json!(1), &json!(0)));
        let metadata = app.since(&mark).await[0]["metadata"].clone();
        assert_eq!((&metadata["delivery_status"], &metadata["attempt"]), (&json!("sent"), &json!(2)));
        assert_eq!((failures(&app).await, server.taken().len()), ((0, 0.0, 0), 1));
        app.finish().await;
    }
}

#[tokio::test]
async fn an_email_that_is_deferred_again_and_again_fails_and_its_runs_do_not() {
    for kind in KINDS {
        let server = MailServer::start(Manner::Greylisting(usize::MAX)).await;
        let Some(app) = start(kind, server.url()).await else { continue };
        drop(app.as_admin().await);
        hold(&app).await;
        let mark = app.mark().await;
        for wait in [0, 5, 15, 60, 240, 720] {
            app.pass(TimeDelta::minutes(wait));
            let run = send(&app).await;
            assert_eq!((&run["status"], &run["records_processed"]), (&json!("success"), &json!(1)), "after {wait} minutes");
        }
        let mut trail = app.since(&mark).await;
        trail.retain(|entry| entry["action_type"] == "email_notification_sent");
        let attempts: Vec<i64> = trail.iter().map(|entry| entry["metadata"]["attempt"].as_i64().unwrap()).collect();
        assert_eq!(attempts, [2, 3, 4, 5, 6]);
        assert!(trail.iter().all(|entry| entry["outcome"] == "failure" && entry["metadata"]["delivery_status"] == "failed"));
        assert_eq!(mails(&app).await[0].status, MailStatus::Failed, "it was given up");
        assert_eq!(failures(&app).await, (5, 5.0, 0));
        app.finish().await;
    }
}

#[tokio::test]
async fn bounced_emails_are_counted_and_fail_no_run() {
    for (verb, reply) in
        [("RCPT", "550 5.1.1 no such mailbox"), ("RCPT", "552 5.2.2 mailbox full"), ("DATA", "554 5.7.1 looks like spam")]
    {
        let server = MailServer::start(Manner::Refusing { verb, reply }).await;
        for kind in KINDS {
            let Some(app) = start(kind, server.url()).await else { continue };
            drop(app.as_admin().await);
            hold(&app).await;
            hold(&app).await;
            let mark = app.mark().await;

            let run = send(&app).await;

            let counts = ["records_processed", "records_failed", "records_deferred"].map(|name| run[name].as_i64().unwrap());
            assert_eq!((&run["status"], counts), (&json!("success"), [2, 2, 0]), "{reply}");
            assert!(run["error_message"].as_str().unwrap().contains(reply.split_once(' ').unwrap().1), "{run}");
            let trail = app.since(&mark).await;
            let outcomes: Vec<&str> = trail.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
            assert_eq!(outcomes, ["failure", "failure", "success"]);
            assert_eq!(failures(&app).await, (2, 2.0, 0), "nothing that administrators could do");
            assert!(mails(&app).await.iter().all(|mail| mail.template == "case_held" && mail.status == MailStatus::Failed));
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn a_server_that_refuses_the_service_or_its_sender_fails_the_run_and_no_email() {
    for (verb, reply) in [
        ("MAIL", "530 5.7.0 authentication required"),
        ("MAIL", "550 5.1.8 unknown sender domain"),
        ("RCPT", "553 5.1.7 bad sender address"),
        ("MAIL", "451 4.1.8 sender domain does not resolve"),
    ] {
        let server = MailServer::start(Manner::Refusing { verb, reply }).await;
        for kind in KINDS {
            let Some(app) = start(kind, server.url()).await else { continue };
            drop(app.as_admin().await);
            hold(&app).await;
            hold(&app).await;

            let run = send(&app).await;

            assert_eq!((&run["status"], &run["records_processed"]), (&json!("failure"), &json!(1)), "{reply}");
            let held: Vec<_> = mails(&app).await.into_iter().filter(|mail| mail.template == "case_held").collect();
            assert!(held.iter().all(|mail| mail.status == MailStatus::Pending), "{reply}: {held:?}");
            assert_eq!(held.iter().map(|mail| mail.attempts).collect::<Vec<_>>(), [1, 0]);
            assert_eq!(failures(&app).await.2, 1, "the administrators are told");
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn an_unavailable_server_is_tried_once_for_all_missed_periods() {
    for kind in KINDS {
        let Some(app) = start(kind, "smtp://127.0.0.1:1".to_owned()).await else { continue };
        scheduler::run_due(&app.app, JobName::SendScheduledEmails).await.unwrap();
        let admin = app.as_admin().await;
        hold(&app).await;
        hold(&app).await;
        app.clock.set(at("2026-12-01T16:00:00Z"));
        scheduler::run_due(&app.app, JobName::SendScheduledEmails).await.unwrap();
        let statuses: Vec<Json> = runs(&app, "send_scheduled_emails").await.iter().map(|run| run["status"].clone()).collect();
        assert_eq!(statuses, ["failure"]);
        let alerts = app.as_user(admin.user.as_ref().unwrap()).await.get("alerts").await.expect(200);
        assert_eq!(alerts["data"].as_array().unwrap().len(), 1);
        let held = mails(&app).await.into_iter().filter(|mail| mail.template == "case_held");
        assert_eq!(held.map(|mail| mail.attempts).collect::<Vec<_>>(), [1, 0]);
        app.finish().await;
    }
}

#[tokio::test]
async fn an_unresponsive_server_delays_no_other_job() {
    let server = MailServer::start(Manner::Silent).await;
    for kind in KINDS {
        let Some(app) = start(kind, server.url()).await else { continue };
        for job in JobName::ALL {
            scheduler::run_due(&app.app, job).await.unwrap();
        }
        hold(&app).await;
        app.clock.set(at("2026-12-01T16:00:00Z"));
        for job in JobName::ALL {
            tokio::spawn(scheduler::run_schedule(app.app.clone(), job));
        }
        until(async || runs(&app, "release_scheduled_cases").await.len() == 1).await;
        until(async || runs(&app, "check_expired_holds").await.len() == 1).await;
        assert_eq!(runs(&app, "send_scheduled_emails").await.len(), 0, "its run still waits for the server");
        app.app.stopping().cancel();
        app.finish().await;
    }
}

#[tokio::test]
async fn a_stopping_service_finishes_the_current_email_and_starts_no_other() {
    for kind in KINDS {
        let server = MailServer::start(Manner::Slow(Duration::from_secs(2))).await;
        let settings = Settings { clock: Clock::system(), ..Settings::default() };
        let Some(app) = TestApp::start_with(kind, settings).await else { continue };
        hold(&app).await;
        hold(&app).await;
        let smtp_url = server.url();
        let schedules = "send_scheduled_emails=* * * * * *";
        let process = Process::start_with(&app, &[("CASETRAIL_SMTP_URL", &smtp_url), ("CASETRAIL_SCHEDULES", schedules)]).await;
        until(async || server.begun() == 1).await;
        process.terminate(PATIENCE).await;

        assert_eq!(server.taken().len(), 1, "one was on its way, and no other began");
        let statuses: Vec<MailStatus> = mails(&app).await.iter().map(|mail| mail.status).collect();
        assert_eq!(statuses, [MailStatus::Sent, MailStatus::Pending]);
        let runs = runs(&app, "send_scheduled_emails").await;
        assert_eq!((&runs[0]["status"], &runs[0]["records_processed"]), (&json!("success"), &json!(1)));
        let job = job::Entity::find_by_id(JobName::SendScheduledEmails).one(&app.outside).await.unwrap().unwrap();
        assert_eq!(job.lease_holder, None, "another replica may go on at once");
        app.finish().await;
    }
}
