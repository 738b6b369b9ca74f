//! The client address in the log if there are proxies in front of the service.

use crate::app::{Kind, Settings, TestApp};
use serde_json::json;

async fn seen(trusted: &str, forwarded: &str, kind: Kind) -> Option<String> {
    let networks = trusted.split(',').map(|network| api::wire::forwarded::network(network).unwrap()).collect();
    let app = TestApp::start_with(kind, Settings { trusted_proxies: networks, ..Settings::default() }).await?;
    let by = app.as_anonymous().with("X-Forwarded-For", forwarded);
    by.post("auth/login", json!({"username": "nobody", "password": "wrong password"})).await.expect(401);
    let address = app.all_entries().await.last().unwrap()["ip_address"].as_str().unwrap().to_owned();
    app.finish().await;
    Some(address)
}

#[tokio::test]
async fn the_log_has_the_client_behind_a_trusted_network() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        for (trusted, forwarded, expected) in [
            ("127.0.0.0/8", "203.0.113.7", "203.0.113.7"),
            ("127.0.0.0/8,10.0.0.0/8", "9.9.9.9, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7:5678", "203.0.113.7"),
            ("127.0.0.1/32", "[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:127.0.0.0/104", "\"[2001:db8::1]\"", "2001:db8::1"),
            ("127.0.0.0/8", "unknown", "127.0.0.1"),
            ("10.0.0.0/8", "203.0.113.7", "127.0.0.1"),
        ] {
            let Some(address) = seen(trusted, forwarded, kind).await else { return };
            assert_eq!(address, expected, "{trusted} {forwarded}");
        }
    }
}
