//! The periods and filters that a report refuses, and the parameter it names.

use crate::app::at;
use serde_json::{Value as Json, json};

/// The start and the civil day of each bucket of a report.
fn by_bucket(report: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let points = report["timeseries"].as_array().unwrap().iter();
    let mut buckets: Vec<_> = points.map(|point| (text(&point["bucket_start"]), text(&point["bucket_on"]))).collect();
    buckets.dedup();
    buckets
}

on_each_database! {
    async fn a_bad_parameter_is_refused_by_name_and_nothing_is_recorded(app) {
        let by = app.as_manager().await;
        let mark = app.mark().await;
        for (query, code, pointer) in [
            ("since=yesterday", "invalid_parameter", "query /since"),
            ("since=2026-02-30", "invalid_parameter", "query /since"),
            ("until=2026-13-01", "invalid_parameter", "query /until"),
            ("since=2026-02-02&until=2026-02-01", "invalid_period", "query /since"),
            ("since=1999-12-31", "invalid_period", "query /since"),
            ("until=2101-01-01", "invalid_period", "query /until"),
            ("all_time=true&since=2026-01-01", "invalid_period", "query /all_time"),
            ("since=2020-01-01&until=2026-01-01", "invalid_period", "query /interval"),
            ("period=this_week&since=2026-11-30", "invalid_period", "query /period"),
            ("until=2026-11-30&period=last_month", "invalid_period", "query /period"),
            ("period=last_30_days&all_time=true", "invalid_period", "query /period"),
            ("period=this_year", "invalid_parameter", "query /period"),
            ("period=", "invalid_parameter", "query /period"),
            ("period=this_week&period=last_week", "invalid_parameter", "query /period"),
            ("all_time=maybe", "invalid_parameter", "query /all_time"),
            ("interval=year", "invalid_parameter", "query /interval"),
            ("sort=name", "invalid_parameter", "query /sort"),
            ("limit=0", "invalid_parameter", "query /limit"),
            ("limit=201", "invalid_parameter", "query /limit"),
            ("change_type=everything", "invalid_parameter", "query /change_type"),
            ("case_id=7", "invalid_parameter", "query /case_id"),
            ("actor=me", "invalid_parameter", "query /actor"),
            ("case_id=&since=2026-01-01", "invalid_parameter", "query /case_id"),
            ("interval=day&interval=week", "invalid_parameter", "query /interval"),
            ("cursor=abc", "invalid_cursor", "query /cursor"),
        ] {
            let answer = by.get(&format!("reports/case-changes?{query}")).await;
            answer.expect_problem(400, code);
            assert_eq!(answer.faults(), [pointer], "{query}");
        }
        assert_eq!(app.since(&mark).await.len(), 0);
    }

    async fn the_day_the_clocks_change_is_one_bucket(app) {
        let by = app.as_manager().await;
        for (day, since, until) in [
            ("2026-03-08", "2026-03-08T06:00:00.000Z", "2026-03-09T05:00:00.000Z"),
            ("2026-11-01", "2026-11-01T05:00:00.000Z", "2026-11-02T06:00:00.000Z"),
        ] {
            let report = by.get(&format!("reports/case-changes?since={day}&until={day}")).await.expect(200);
            assert_eq!((&report["period"]["since"], &report["period"]["until"]), (&json!(since), &json!(until)));
            assert_eq!(report["period"]["defaulted"], false);
            assert_eq!(report["timeseries"].as_array().unwrap().len(), 6);
        }
    }

    /// The weeks and days around both changes of the clocks in 2027, each with something at either end.
    async fn civil_days_are_compared_with_as_many_civil_days(app) {
        app.a_case().create().await;
        for time in [
            "2027-03-01T06:30:00Z", "2027-03-13T06:30:00Z", "2027-03-14T05:30:00Z", "2027-03-14T06:30:00Z",
            "2027-10-25T04:30:00Z", "2027-10-25T05:30:00Z", "2027-11-01T05:30:00Z", "2027-12-01T12:00:00Z",
        ] {
            app.clock.set(at(time));
            app.a_case().create().await;
        }
        let by = app.as_manager().await;
        for (before, after, count) in [
            (["2027-03-01", "2027-03-07"], ["2027-03-08", "2027-03-14"], 1),
            (["2027-03-13", "2027-03-13"], ["2027-03-14", "2027-03-14"], 2),
            (["2027-03-14", "2027-03-14"], ["2027-03-15", "2027-03-15"], 1),
            (["2027-10-25", "2027-10-31"], ["2027-11-01", "2027-11-07"], 1),
            (["2027-11-01", "2027-11-07"], ["2027-11-08", "2027-11-14"], 1),
            (["2027-09-24", "2027-10-31"], ["2027-11-01", "2027-12-08"], 2),
        ] {
            let [before, after] = [before, after].map(|[since, until]| format!("since={since}&until={until}"));
            let earlier = by.get(&format!("reports/activity-summary?{before}")).await.expect(200);
            let later = by.get(&format!("reports/activity-summary?{after}")).await.expect(200);
            assert_eq!(earlier["summary"]["total_activities"], count, "{before}");
            assert_eq!(later["summary"]["previous_total"], count, "{after}");
            assert_eq!(later["summary"]["previous_since"], earlier["period"]["since"], "{after}");
        }
        let instants = "since=2027-11-01T05:00:00Z&until=2027-11-08T06:00:00Z";
        let report = by.get(&format!("reports/activity-summary?{instants}")).await.expect(200);
        assert_eq!(report["summary"]["previous_total"], 2, "169 hours are compared with 169 hours");
        assert_eq!(report["summary"]["previous_since"], "2027-10-25T04:00:00.000Z");
    }

    /// On a Tuesday morning; the log says what was asked for, and the report which instants that is.
    async fn each_report_covers_a_period_by_its_name(app) {
        app.a_case().held().create().await;
        let by = app.as_manager().await;
        let (now, first) = ("2026-12-01T15:00:00.001Z", "2026-11-30T06:00:00.000Z");
        for (name, since, until, ends) in [
            ("today", "2026-12-01T06:00:00.000Z", now, "since=2026-12-01"),
            ("this_week", first, now, "since=2026-11-30"),
            ("last_week", "2026-11-23T06:00:00.000Z", first, "since=2026-11-23&until=2026-11-29"),
            ("this_month", "2026-12-01T06:00:00.000Z", now, "since=2026-12-01"),
            ("last_month", "2026-11-01T05:00:00.000Z", "2026-12-01T06:00:00.000Z", "since=2026-11-01&until=2026-11-30"),
            ("this_quarter", "2026-10-01T05:00:00.000Z", now, "since=2026-10-01"),
            ("last_quarter", "2026-07-01T05:00:00.000Z", "2026-10-01T05:00:00.000Z", "since=2026-07-01&until=2026-09-30"),
            ("last_30_days", "2026-11-02T06:00:00.000Z", now, "since=2026-11-02"),
        ] {
            for report in ["activity-summary", "user-activity", "case-changes", "quality-review-audit", "system-events"] {
                let subject = if report == "user-activity" { format!("&user_id={}", by.id()) } else { String::new() };
                let mark = app.mark().await;
                let named = by.get(&format!("reports/{report}?period={name}{subject}")).await.expect(200);
                let recorded = app.since(&mark).await;
                let bounded = by.get(&format!("reports/{report}?{ends}{subject}")).await.expect(200);
                assert_eq!(named["period"], bounded["period"], "{report} of {name}");
                assert_eq!(
                    named["period"],
                    json!({"since": since, "until": until, "time_zone": "America/Chicago", "defaulted": false})
                );
                assert_eq!(named["summary"]["previous_since"], bounded["summary"]["previous_since"], "{report} of {name}");
                assert_eq!(recorded[0]["metadata"]["parameters"]["period"], name);
                let file = by.get(&format!("reports/{report}.csv?period={name}{subject}")).await;
                assert_eq!(file.status(), 200, "{}", file.text);
            }
        }
        let changes = async |query: &str| by.get(&format!("reports/case-changes{query}")).await;
        assert_eq!(changes("?period=this_week").await.json()["summary"]["holds"], 1);
        assert_eq!(changes("?period=last_week").await.json()["summary"]["holds"], 0);
        assert_eq!(changes(".csv?period=this_month").await.text, changes(".csv?since=2026-12-01").await.text);
        assert_eq!(changes(".csv?period=last_month").await.text.lines().count(), 1, "its header");
        for query in ["period=this_week&until=2026-12-01", "period=this_week&all_time=true"] {
            let refused = changes(&format!(".csv?{query}")).await;
            refused.expect_problem(400, "invalid_period");
            assert_eq!(refused.faults(), ["query /period"]);
        }
    }

    /// Otherwise the pages of one list would belong to two weeks.
    async fn the_pages_of_a_named_period_cover_what_the_first_one_did(app) {
        app.clock.set(at("2026-12-04T15:00:00Z"));
        app.a_case().held().create().await;
        // On Sunday evenings in Chicago, one millisecond before a week is over, and on the Tuesday after the next one.
        for (page_at, name) in [("2026-12-07T05:59:59.999Z", "this_week"), ("2026-12-15T15:00:00Z", "last_week")] {
            app.clock.set(at(page_at));
            let path = format!("reports/case-changes?period={name}&limit=2");
            let first = app.as_manager().await.get(&path).await.expect(200);
            app.pass(chrono::TimeDelta::days(7));
            app.a_case().held().create().await;
            let cursor = first["entries"]["page"]["next_cursor"].as_str().unwrap();
            let next = app.as_manager().await.get(&format!("{path}&cursor={cursor}")).await.expect(200);
            assert_eq!((&next["period"], &next["summary"]), (&first["period"], &first["summary"]), "{name}");
            assert_eq!(next["entries"]["data"].as_array().unwrap().len(), 2, "{name}");
        }
    }

    /// The instant at which a day starts is another day in most other time zones.
    async fn each_bucket_says_on_which_civil_day_it_starts(app) {
        let admin = app.as_admin().await;
        for (zone, interval, start, on) in [
            ("America/Chicago", "day", "2026-11-05T06:00:00.000Z", "2026-11-05"),
            ("America/Chicago", "week", "2026-11-02T06:00:00.000Z", "2026-11-02"),
            ("America/Chicago", "month", "2026-11-01T05:00:00.000Z", "2026-11-01"),
            ("Europe/Berlin", "day", "2026-11-04T23:00:00.000Z", "2026-11-05"),
            ("Europe/Berlin", "week", "2026-11-01T23:00:00.000Z", "2026-11-02"),
            ("Europe/Berlin", "month", "2026-10-31T23:00:00.000Z", "2026-11-01"),
            ("Pacific/Kiritimati", "day", "2026-11-04T10:00:00.000Z", "2026-11-05"),
            ("Pacific/Pago_Pago", "month", "2026-11-01T11:00:00.000Z", "2026-11-01"),
        ] {
            admin.patch("settings", json!({"time_zone": zone})).await.expect(200);
            for report in ["activity-summary", "case-changes", "quality-review-audit", "system-events"] {
                let path = format!("reports/{report}?since=2026-11-05&until=2026-11-20&interval={interval}");
                let first = by_bucket(&admin.get(&path).await.expect(200)).remove(0);
                assert_eq!(first, (start.to_owned(), on.to_owned()), "{report} by {interval} in {zone}");
            }
        }
        let path = format!("reports/user-activity?user_id={}&since=2026-10-30&until=2026-11-03", admin.id());
        admin.patch("settings", json!({"time_zone": "America/Chicago"})).await.expect(200);
        let days: Vec<String> = by_bucket(&admin.get(&path).await.expect(200)).into_iter().map(|(_, on)| on).collect();
        assert_eq!(days, ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02", "2026-11-03"]);
    }

    async fn an_open_period_starts_at_the_first_entry_or_ends_now(app) {
        app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        let all = by.get("reports/case-changes?all_time=true").await.expect(200);
        assert_eq!(
            (&all["period"]["since"], &all["period"]["until"]),
            (&json!("2026-12-01T15:00:00.000Z"), &json!("2026-12-01T15:00:00.001Z"))
        );
        assert!(all["summary"]["total_changes"].as_u64().unwrap() > 0);
        let until = by.get("reports/case-changes?until=2026-12-31").await.expect(200);
        assert_eq!(
            (&until["period"]["since"], &until["period"]["until"]),
            (&json!("2026-12-01T15:00:00.000Z"), &json!("2027-01-01T06:00:00.000Z"))
        );
        let since = by.get("reports/case-changes?since=2026-12-01T15:00:00Z").await.expect(200);
        assert_eq!(since["summary"], all["summary"]);
    }

    async fn a_start_that_lies_ahead_is_an_empty_period(app) {
        app.a_case().accepted().create().await;
        let by = app.as_manager().await;
        for (since, start, end) in [
            ("2026-12-02", "2026-12-02T06:00:00.000Z", "2026-12-02T06:00:00.001Z"),
            ("2026-12-01T15:00:00.001Z", "2026-12-01T15:00:00.001Z", "2026-12-01T15:00:00.002Z"),
        ] {
            let report = by.get(&format!("reports/case-changes?since={since}")).await.expect(200);
            assert_eq!((&report["period"]["since"], &report["period"]["until"]), (&json!(start), &json!(end)));
            assert_eq!((&report["summary"]["total_changes"], &report["entries"]["data"]), (&json!(0), &json!([])));
        }
    }
}
