//! Finding entries by the address of their request: one address in any notation, or a network.

use super::world::{data, pages, record};
use crate::app::TestApp;
use entity::audit::{Actor, Context, Event};
use ipnet::IpNet;
use serde_json::{Value as Json, json};
use std::net::IpAddr;

/// As entries have them; version 0.1 recorded IPv4-mapped addresses as such.
const RECORDED: [&str; 16] = [
    "9.255.255.255",
    "10.0.0.0",
    "10.0.0.9",
    "10.0.0.10",
    "10.0.0.100",
    "10.0.255.255",
    "10.1.0.0",
    "100.0.0.1",
    "::ffff:10.0.0.11",
    "::1",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::",
    "2001:db8::7",
    "2001:db8:0:1::",
    "2001:db8:ffff::1",
    "2001:db80::1",
];

async fn arrange(app: &TestApp) {
    for address in RECORDED {
        let context = Context {
            actor: Actor::Anonymous,
            api_key: None,
            in_job: false,
            request_id: format!("from-{}", address.replace([':', '.'], "-")),
            ip_address: Some(address.to_owned()),
            user_agent: None,
        };
        record(app, context, Event::login_failed("?", None, "unknown_username", None)).await;
    }
}

fn addresses(entries: &[Json]) -> Vec<String> {
    entries.iter().map(|entry| entry["ip_address"].as_str().unwrap().to_owned()).collect()
}

fn found_in(network: &str) -> Vec<String> {
    let network: IpNet = network.parse().unwrap();
    let is_in = |address: &&str| network.contains(&address.parse::<IpAddr>().unwrap().to_canonical());
    RECORDED.into_iter().rev().filter(is_in).map(str::to_owned).collect()
}

on_each_database! {
    async fn a_network_finds_exactly_the_addresses_in_it(app) {
        arrange(app).await;
        let by = app.as_manager().await;
        for network in [
            "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.8/29", "10.0.0.10/31", "10.0.0.11/32", "10.0.0.0/15", "8.0.0.0/7",
            "0.0.0.0/0", "0.0.0.0/1", "192.0.2.0/24", "::/0", "::1/128", "2001:db8::/32", "2001:db8::/33", "2001:db8::/64",
            "2001:db8::/125", "2001:db8:0:1::/64", "2001:db8:8000::/33", "2000::/3", "fe80::/10",
        ] {
            let expected = found_in(network);
            // Page by page, and as an export.
            let path = format!("audit-log?action_type=login&limit=3&since=2026-11-20&ip_address={network}");
            assert_eq!(addresses(&pages(&by, &path).await), expected, "{network}");
            let total = by.get(&format!("{path}&include_total=true")).await.expect(200)["page"]["total"].clone();
            assert_eq!(total, expected.len(), "{network}");
            let export = by.get(&format!("audit-log/export.ndjson?action_type=login&ip_address={network}")).await;
            assert_eq!(export.text.lines().count(), expected.len(), "{network}");
        }
        let mapped = by.get("audit-log?action_type=login&since=2026-11-20&ip_address=::ffff:10.0.0.0/120").await.expect(200);
        assert_eq!(addresses(&data(&mapped)), found_in("10.0.0.0/24"));
    }

    async fn an_address_is_found_in_every_notation(app) {
        arrange(app).await;
        let by = app.as_manager().await;
        for (notation, recorded) in [
            ("10.0.0.9", "10.0.0.9"),
            ("::ffff:10.0.0.9", "10.0.0.9"),
            ("::FFFF:0a00:9", "10.0.0.9"),
            ("0:0:0:0:0:ffff:10.0.0.9", "10.0.0.9"),
            ("10.0.0.9/32", "10.0.0.9"),
            ("10.0.0.11", "::ffff:10.0.0.11"),
            ("::ffff:10.0.0.11", "::ffff:10.0.0.11"),
            ("0:0::0:1", "::1"),
            ("2001:0DB8:0000:0000:0000:0000:0000:0007", "2001:db8::7"),
            ("2001:db8:0:0::7/128", "2001:db8::7"),
        ] {
            let list = by.get(&format!("audit-log?action_type=login&ip_address={notation}")).await.expect(200);
            assert_eq!(addresses(&data(&list)), [recorded], "{notation}");
        }
    }

    async fn what_is_neither_an_address_nor_a_network_is_refused(app) {
        let by = app.as_manager().await;
        for text in
            ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "010.0.0.1", "10.0.0.*", "10.0.0", "%2010.0.0.1", "::1%25eth0", ""]
        {
            let answer = by.get(&format!("audit-log?ip_address={text}")).await;
            answer.expect_problem(400, "invalid_parameter");
            assert_eq!(answer.faults(), ["query /ip_address"], "{text}");
        }
        let problem = by.get("audit-log?ip_address=10.0.0.1/8").await.json();
        assert_eq!(problem["errors"][0]["detail"], json!("must not have host bits set; did you mean 10.0.0.0/8?"));
    }
}
