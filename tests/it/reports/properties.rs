//! For any history and any requested period, each figure equals the naive recount, on both databases.

use super::history::{Scenario, scenarios};
use super::recount::Recount;
use super::sealed::seal;
use super::world::{self, World};
use crate::app::{Kind, connect, fresh};
use chrono_tz::America::Chicago;
use entity::page::{Direction, Position};
use entity::period::{Period, PeriodError};
use entity::report::activity_summary::activity_summary;
use entity::report::case_changes::case_changes;
use entity::report::quality_review::quality_review;
use entity::report::system_events::system_events;
use entity::report::user_activity::user_activity;
use entity::report::user_list::{self, UserListCriteria, UserSortKey, user_list};
use entity::report::{self, ReportPage};
use proptest::test_runner::{Config, TestRunner};
use sea_orm::ConnectionTrait;

#[test]
fn every_figure_equals_a_recount_on_sqlite() {
    recounted(Kind::Sqlite);
}

#[test]
fn every_figure_equals_a_recount_on_postgresql() {
    recounted(Kind::Postgres);
}

fn recounted(kind: Kind) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(fresh) = runtime.block_on(fresh(kind)) else { return };
    let connection = runtime.block_on(connect(&fresh.owner));
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&scenarios(), |scenario| {
        runtime.block_on(async {
            let (tx, mut world) = world::create(&connection, &scenario).await;
            if let Some((percent, zone)) = scenario.sealed {
                // Spread over the history: entries are sealed in the order of their commits, not in that of their times.
                let entries = world.entries.iter().enumerate().filter(|(number, _)| number * 37 % 100 < percent);
                world.sequences = seal(&tx, &entries.map(|(_, entry)| entry).collect::<Vec<_>>(), zone).await;
            }
            compare(&tx, &scenario, &world).await;
            tx.rollback().await.unwrap();
        });
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

async fn compare<C: ConnectionTrait>(db: &C, scenario: &Scenario, world: &World) {
    let first = report::first_entry_at(db).await.unwrap();
    let period = Period::new(scenario.asked, first, scenario.now, Chicago);
    let Some(recount) = Recount::new(scenario, world) else {
        assert_eq!(period, Err(PeriodError::Inverted));
        return;
    };
    let period = period.unwrap();
    assert_eq!((period.since, period.until), (recount.since, recount.until));
    let paging = ReportPage { after: None, direction: scenario.direction, limit: scenario.limit };

    assert_eq!(activity_summary(db, &period, scenario.interval).await.unwrap(), recount.activity_summary());
    let user = world.users[scenario.user].id;
    assert_eq!(user_activity(db, &period, scenario.interval, user, &paging).await.unwrap(), recount.user_activity());
    for key in [UserSortKey::Username, UserSortKey::TotalActivities] {
        let filters = recount.user_filters(key);
        assert_eq!(user_list(db, &period, &filters, &paging).await.unwrap(), recount.user_list(&filters));
        pages_make_up_the_table(db, &period, &filters, &paging).await;
    }
    let filters = recount.case_filters();
    assert_eq!(case_changes(db, &period, scenario.interval, &filters, &paging).await.unwrap(), recount.case_changes());
    let filters = recount.review_filters();
    assert_eq!(quality_review(db, &period, scenario.interval, &filters, &paging).await.unwrap(), recount.quality_review());
    let filters = recount.event_filters();
    let events = system_events(db, &period, scenario.interval, scenario.now, &filters, &paging).await.unwrap();
    assert_eq!(events, recount.system_events());
    pages_make_up_the_list(db, scenario, &period, &recount).await;
}

/// Every user is on exactly one page, in the order of the whole table.
async fn pages_make_up_the_table<C: ConnectionTrait>(db: &C, period: &Period, filters: &UserListCriteria, paging: &ReportPage) {
    let whole = user_list::rows(db, period, filters, &ReportPage { limit: 200, ..paging.clone() }).await.unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let mut rows = user_list::rows(db, period, filters, &ReportPage { limit: 2, after, ..paging.clone() }).await.unwrap();
        let has_more = rows.len() > 2;
        rows.truncate(2);
        after = rows.last().map(|row| row.position(filters.key));
        found.extend(rows);
        if !has_more {
            break;
        }
    }
    assert_eq!(found, whole);
}

/// Every entry of a list is on exactly one page, in order.
async fn pages_make_up_the_list<C: ConnectionTrait>(db: &C, scenario: &Scenario, period: &Period, recount: &Recount<'_>) {
    let list = recount.case_filters().list();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let paging = ReportPage { after, direction: scenario.direction, limit: scenario.limit };
        let mut rows = report::entries(db, period.ids(), &list, &paging).await.unwrap();
        let has_more = rows.len() as u64 > scenario.limit;
        rows.truncate(scenario.limit as usize);
        after = rows.last().map(|row| Position { value: None, id: row.id });
        found.extend(rows);
        if !has_more {
            break;
        }
    }
    let in_order = match scenario.direction {
        Direction::Ascending => found.is_sorted_by(|a, b| a.id < b.id),
        Direction::Descending => found.is_sorted_by(|a, b| a.id > b.id),
    };
    assert!(in_order);
    assert_eq!(found.len() as i64, recount.case_changes().matching);
}
