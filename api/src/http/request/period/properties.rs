//! Periods: read as the contract spells them, with days and buckets that match a calendar.

use super::*;
use crate::properties::{check, text};
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};
use entity::clock::floor_id;
use entity::period::{Interval, Period, start_of_day};
use proptest::prelude::*;
use proptest::sample::select;
use regex::Regex;
use serde_json::json;

/// Days from 1970-01-01 on (Hinnant, chrono-compatible low-level date algorithms).
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, in_era) = (year.div_euclid(400), year.rem_euclid(400));
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719_468
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][usize::try_from(month - 1).unwrap()]
}

/// The meaning of a text, as nanoseconds since 1970 or as the number of a day, if it matches the contract's pattern.
fn meant(text: &str, pattern: &Regex) -> Option<Result<i128, i64>> {
    if !pattern.is_match(text) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    if text.len() == 10 {
        return Some(Err(day_number(year, month, day)));
    }
    let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
    let zone = text.rfind(['Z', '+', '-']).unwrap();
    let decimals = text[19..zone].trim_start_matches('.');
    let nanos = if decimals.is_empty() { 0 } else { format!("{decimals:0<9}").parse::<i128>().unwrap() };
    let (ahead, behind) = match &text[zone..] {
        "Z" => (0, 0),
        _ => (number(zone + 1, zone + 3), number(zone + 4, zone + 6)),
    };
    if hour > 23 || minute > 59 || second > 60 || ahead > 23 || behind > 59 {
        return None;
    }
    let offset = (ahead * 3600 + behind * 60) * if text[zone..].starts_with('-') { -1 } else { 1 };
    let seconds = day_number(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Ok(i128::from(seconds) * 1_000_000_000 + nanos))
}

fn written() -> impl Strategy<Value = String> {
    let date = (select(["1999", "2000", "2024", "2026", "2100", "2101", "0000", "9999"].to_vec()), 0..14_u8, 0..33_u8);
    let date = date.prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"));
    let time = (0..25_u8, 0..62_u8, 0..63_u8).prop_map(|(hour, minute, second)| format!("T{hour:02}:{minute:02}:{second:02}"));
    let decimals = prop_oneof![3 => Just(String::new()), 2 => "[.][0-9]{0,10}"];
    let zone = select(
        ["Z", "+00:00", "-00:00", "+05:30", "-23:59", "+24:00", "+01:60", "z", "", "+0100", "\u{2212}01:00", "+1:00"].as_slice(),
    );
    let instant =
        (date.clone(), time, decimals, zone).prop_map(|(date, time, decimals, zone)| format!("{date}{time}{decimals}{zone}"));
    let whole = prop_oneof![1 => date, 3 => instant];
    let changed = (whole.clone(), any::<prop::sample::Index>(), select(["t", " ", "0", "-", "_", "\u{ff11}", "", "1"].to_vec()))
        .prop_map(|(text, place, with)| {
            let place = place.index(text.len());
            let place = if text.is_char_boundary(place) && text.is_char_boundary(place + 1) { place } else { 0 };
            format!("{}{with}{}", &text[..place], &text[place + 1..])
        });
    prop_oneof![6 => whole, 3 => changed, 1 => text(36)]
}

#[test]
fn bounds_are_accepted_exactly_where_the_contract_allows_them() {
    let schema = json!(When::schema());
    let pattern = Regex::new(schema["pattern"].as_str().unwrap()).unwrap();
    check("periods, as texts", written(), |text| {
        let read = serde_json::from_value::<When>(json!(text)).ok().map(|When(bound)| match bound {
            Bound::Day(day) => Err(i64::from(day.to_epoch_days())),
            // A leap second is the second before it, with more than a thousand million nanoseconds.
            Bound::Instant(at) => Ok(i128::from(at.timestamp()) * 1_000_000_000 + i128::from(at.timestamp_subsec_nanos())),
        });
        prop_assert_eq!(read, meant(&text, &pattern), "{}", text);
        Ok(())
    });
}

/// Whether a civil day begins here: it has begun at this instant, and at no time in the two days before.
fn begins(day: NaiveDate, zone: Tz, at: DateTime<Utc>) -> bool {
    let has_come = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive() >= day;
    has_come(at) && !has_come(at - TimeDelta::seconds(1)) && !(1..60).any(|step| has_come(at - TimeDelta::minutes(30 * step)))
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    // From 1998 to 2103, often with whole milliseconds.
    (883_612_800_000..4_197_000_000_000_i64, prop_oneof![Just(0), 0..1_000_000_i64])
        .prop_map(|(millis, nanos)| DateTime::from_timestamp_millis(millis).unwrap() + TimeDelta::nanoseconds(nanos))
}

/// Two bounds that are mostly close to each other, each a day, an instant or open.
fn period_queries() -> impl Strategy<Value = PeriodQuery> {
    let length = prop_oneof![6 => 0..60 * 86_400_i64, 1 => -86_400..86_400_i64, 1 => 0..3_000_000_000_i64];
    (instants(), length, 0..4_u8, 0..4_u8, prop::bool::weighted(0.1)).prop_map(|(at, length, since, until, all_time)| {
        let bound = |kind: u8, at: DateTime<Utc>| match kind {
            0 => None,
            1 => Some(Bound::Instant(at)),
            _ => Some(Bound::Day(at.date_naive())),
        };
        PeriodQuery { since: bound(since, at), until: bound(until, at + TimeDelta::seconds(length)), all_time }
    })
}

/// The whole millisecond at or after an instant.
fn millis(at: DateTime<Utc>) -> i128 {
    -(-(i128::from(at.timestamp()) * 1_000_000_000 + i128::from(at.timestamp_subsec_nanos()))).div_euclid(1_000_000)
}

/// The expected error, before anything is known about the zone.
fn fault(query: &PeriodQuery) -> Option<PeriodError> {
    let is_far = |bound: Option<Bound>| {
        let year = bound.map(|bound| match bound {
            Bound::Day(day) => day.year(),
            Bound::Instant(at) => at.year(),
        });
        year.is_some_and(|year| !(2000..=2100).contains(&year))
    };
    match () {
        () if query.all_time && (query.since.is_some() || query.until.is_some()) => Some(PeriodError::AllTimeWithBounds),
        () if is_far(query.until) => Some(PeriodError::UntilOutOfRange),
        () if is_far(query.since) => Some(PeriodError::SinceOutOfRange),
        () => None,
    }
}

#[test]
fn a_period_begins_and_ends_with_its_days() {
    let inputs = (period_queries(), instants(), prop::option::of(instants()), select(&TZ_VARIANTS[..]));
    check("periods", inputs, |(query, now, first_entry_at, zone)| {
        let period = match (Period::new(query, first_entry_at, now, zone), fault(&query)) {
            (Ok(period), None) => period,
            (Err(PeriodError::Inverted), None) => return Ok(()),
            (Err(found), Some(fault)) if found == fault => return Ok(()),
            (found, fault) => return Err(TestCaseError::fail(format!("{found:?}, not {fault:?}"))),
        };
        prop_assert!(period.since < period.until);
        prop_assert!(period.ids().from <= period.ids().before && period.previous_ids().before == period.ids().from);
        match query.since {
            Some(Bound::Day(day)) => prop_assert!(begins(day, zone, period.since), "{}", period.since),
            Some(Bound::Instant(at)) => prop_assert_eq!(i128::from(period.since.timestamp_millis()), millis(at)),
            None if !query.all_time && query.until.is_none() => {
                let day = now.with_timezone(&zone).date_naive() - Days::new(29);
                prop_assert!(begins(day, zone, period.since), "{}", period.since);
            }
            None => prop_assert!(first_entry_at.is_none_or(|first| period.since <= first)),
        }
        match query.until {
            Some(Bound::Day(day)) => prop_assert!(begins(day.succ_opt().unwrap(), zone, period.until), "{}", period.until),
            Some(Bound::Instant(at)) => prop_assert_eq!(i128::from(period.until.timestamp_millis()), millis(at)),
            None => prop_assert!(floor_id(now) < floor_id(period.until), "the current instant is part of it"),
        }
        match (query.since, query.until) {
            (Some(Bound::Day(first)), Some(Bound::Day(last))) => {
                let day = first - Days::new(u64::try_from((last - first).num_days()).unwrap() + 1);
                prop_assert!(begins(day, zone, period.previous_since), "{}", period.previous_since);
            }
            _ => prop_assert_eq!(period.since - period.previous_since, period.until - period.since),
        }
        Ok(())
    });
}

#[test]
fn buckets_partition_their_period() {
    let intervals = select([Interval::Day, Interval::Week, Interval::Month].to_vec());
    let inputs = (instants(), 1..40 * 86_400_000_i64, intervals, select(&TZ_VARIANTS[..]));
    check("periods, in buckets", inputs, |(since, length, interval, zone)| {
        let since = DateTime::from_timestamp_millis(since.timestamp_millis()).unwrap();
        let until = since + TimeDelta::milliseconds(length);
        let period = Period { since, until, previous_since: since, as_of: until, seen: None, zone, defaulted: false };
        let buckets = period.buckets(interval).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (Some(first), Some(last)) = (buckets.first(), buckets.last()) else { return Err(TestCaseError::fail("none")) };
        prop_assert_eq!((first.ids.from, last.ids.before), (period.ids().from, period.ids().before));
        prop_assert!(first.start <= since);
        for pair in buckets.windows(2) {
            prop_assert_eq!(pair[0].ids.before, pair[1].ids.from);
            prop_assert_eq!(floor_id(pair[1].start), pair[1].ids.from);
        }
        for bucket in &buckets {
            let day = bucket.start.with_timezone(&zone).date_naive();
            prop_assert!(bucket.ids.from < bucket.ids.before && begins(day, zone, bucket.start), "{}", bucket.start);
            // Where the first day doesn't exist, its bucket begins with the day after.
            prop_assert_eq!(start_of_day(bucket.on, zone), bucket.start);
            prop_assert!(bucket.on <= day, "{}", bucket.on);
            let is_first = match interval {
                Interval::Day => true,
                Interval::Week => bucket.on.weekday() == Weekday::Mon,
                Interval::Month => bucket.on.day() == 1,
            };
            prop_assert!(is_first, "{}", bucket.on);
        }
        Ok(())
    });
}
