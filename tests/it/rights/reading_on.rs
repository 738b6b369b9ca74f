//! Long responses are aborted when their caller loses the right to read them.

use crate::app::copies::{ID, literal, multiply, run};
use crate::app::{Form, Kind, TestApp};
use crate::auth::{PASSWORD, sign_in, text};
use entity::audit::Action;
use entity::user::{self, Role};
use entity::{audit_entry, case};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// More rows than the buffers on the way can hold: the kernel's alone take 4 MiB and more.
const CASES: usize = 15_000;
/// As CSV, entries are narrower.
const ENTRIES: usize = 45_000;

/// A slow client with a small buffer.
struct Slow {
    wire: TcpStream,
    read: Vec<u8>,
}

impl Slow {
    /// Reads the headers and the beginning of the body.
    async fn begin(app: &TestApp, token: &str, path: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(32 << 10).expect("a size");
        let address = app.base.trim_start_matches("http://").parse().expect("an address");
        let mut wire = socket.connect(address).await.expect("the service");
        let head = format!(
            "GET /api/v1/{path} HTTP/1.1\r\nHost: casetrail\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        wire.write_all(head.as_bytes()).await.expect("a request");
        let mut slow = Self { wire, read: Vec::new() };
        while slow.body().is_none_or(<[u8]>::is_empty) {
            assert!(slow.more().await > 0, "{}", String::from_utf8_lossy(&slow.read));
        }
        assert!(slow.read.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&slow.read[..400.min(slow.read.len())]));
        slow
    }

    /// Reads to the end and returns whether the body was complete.
    async fn finish(mut self) -> bool {
        while self.more().await > 0 {}
        let body = self.body().expect("a head was read");
        let head = String::from_utf8_lossy(&self.read[..self.read.len() - body.len()]).to_ascii_lowercase();
        match head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()) {
            Some(length) => body.len() == length.parse::<usize>().expect("a length"),
            // The last chunk, and the trailers behind it.
            None => {
                body[body.len().saturating_sub(256)..].windows(5).any(|bytes| bytes == b"\r\n0\r\n")
                    && body.ends_with(b"\r\n\r\n")
            }
        }
    }

    fn body(&self) -> Option<&[u8]> {
        let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        self.read.get(end + 4..)
    }

    /// The number of bytes received; zero at the end, regardless of how it ends.
    async fn more(&mut self) -> usize {
        self.wire.read_buf(&mut self.read).await.unwrap_or_default()
    }
}

/// Reads the beginning, takes the right from the caller, waits until the cached rights are one second old, and reads the rest.
async fn ensure_cut_off(app: &TestApp, token: &str, path: &str, lose: impl Future<Output = ()>) {
    let (aborted, slow) = (aborted_exports(app).await, Slow::begin(app, token, path).await);
    lose.await;
    let lost_at = Instant::now();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let is_whole = slow.finish().await;
    let lasted = lost_at.elapsed();
    println!("{path}: cut off after {lasted:?}");
    assert!(!is_whole && lasted < Duration::from_secs(5), "{path}: {lasted:?}, whole: {is_whole}");
    // Its entry is written once the service has noticed that the client is gone.
    while path.contains("export") && aborted_exports(app).await == aborted {
        assert!(lost_at.elapsed() < Duration::from_secs(30), "{path}: the aborted export has no entry");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn aborted_exports(app: &TestApp) -> u64 {
    let exports = [Action::ExportGenerated.code(), Action::BulkExport.code()];
    let aborted = audit_entry::Entity::find().filter(audit_entry::Column::ActionType.is_in(exports));
    aborted.filter(audit_entry::Column::Outcome.eq("failure")).count(&app.outside).await.expect("entries")
}

/// The control: a caller who keeps the right can read everything, however slowly.
async fn ensure_whole(app: &TestApp, token: &str, path: &str) {
    let slow = Slow::begin(app, token, path).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(slow.finish().await, "{path}");
}

/// The ways to lose the right to continue reading, by number.
async fn lose(app: &TestApp, user: &user::Model, pair: &Json, way: usize) {
    let (admin, url) = (app.as_admin().await, format!("users/{}", user.id));
    match way {
        0 => drop(app.as_anonymous().post("auth/logout", json!({"refresh_token": pair["refresh_token"]})).await.expect(204)),
        1 => drop(admin.post(&format!("{url}/deactivate"), json!({"reason": "left"})).await.expect(200)),
        2 => {
            let role = json!({"role": "technician", "user_level": "level_1", "reason": "moved"});
            drop(admin.post(&format!("{url}/role"), role).await.expect(200));
        }
        _ => {
            drop(admin.post(&format!("{url}/password-reset"), json!({"new_password": "twelve green bottles"})).await.expect(204))
        }
    }
}

/// Many wide cases, created while bypassing the service.
async fn fill(app: &TestApp) {
    let case = app.a_case().accepted().create().await;
    match app.kind {
        Kind::Sqlite => {
            run(app, "DROP TRIGGER cases_audited_insert").await;
            run(app, "DROP TRIGGER cases_audited_delete").await;
        }
        Kind::Postgres => run(app, "ALTER TABLE cases DISABLE TRIGGER cases_audited").await,
    }
    let this = format!("t.id = {}", literal(app.kind, &case.id()));
    let number = ("case_number", "'COPY-' || i", "'COPY-' || i");
    let wide = ("client_email", "printf('%.254c', 'x')", "repeat('x', 254)");
    multiply::<case::Entity>(app, "cases", &this, CASES, &[ID, number, wide]).await;
}

on_each_database! {
    async fn an_export_is_aborted_when_its_caller_loses_the_right(app) {
        fill(app).await;
        for (way, path) in ["ndjson", "csv", "ndjson", "csv"].into_iter().enumerate() {
            let user = app.user(&format!("boss{way}"), Role::Manager, None).await;
            app.give_password(&user, PASSWORD).await;
            let pair = sign_in(app, &user.username).await;
            let lose = lose(app, &user, &pair, way);
            ensure_cut_off(app, text(&pair, "access_token"), &format!("exports/cases.{path}"), lose).await;
        }
        let token = app.as_manager().await.token().to_owned();
        ensure_whole(app, &token, "exports/cases.csv").await;
        run(app, "DELETE FROM cases WHERE case_number LIKE 'COPY-%'").await;
    }

    async fn an_export_is_aborted_when_its_key_is_revoked_or_loses_the_scope(app) {
        let admin = app.as_admin().await;
        let filter = format!("audit-log?action_type=case_held&actor_id={}", admin.id());
        admin.with("User-Agent", &"x".repeat(400)).get(&filter).await.expect(200);
        let latest = "t.id = (SELECT max(id::text)::uuid FROM audit_entries WHERE action_type = 'audit_log_accessed')";
        let latest = match app.kind {
            Kind::Sqlite => latest.replace("max(id::text)::uuid", "max(id)"),
            Kind::Postgres => latest.to_owned(),
        };
        multiply::<audit_entry::Entity>(app, "audit_entries", &latest, ENTRIES, &[ID]).await;
        let admin = app.as_admin().await;
        for (way, path) in ["audit-log/export.ndjson", "audit-log/export.csv"].into_iter().enumerate() {
            let service = json!({
                "username": format!("service{way}"), "email": format!("service{way}@example.org"), "first_name": "Data",
                "last_name": "Warehouse", "role": "service", "scopes": ["audit:read"],
            });
            let service = admin.post("users", service).await.expect(201);
            let (key, url) =
                (service["api_key"].as_str().expect("a key"), format!("users/{}", service["id"].as_str().expect("an id")));
            let lose = async {
                if way == 0 {
                    let keys = admin.get(&format!("{url}/api-keys")).await.expect(200);
                    let id = keys["data"][0]["id"].as_str().expect("an id").to_owned();
                    admin.delete(&format!("{url}/api-keys/{id}")).await.expect(204);
                } else {
                    let other = json!({"role": "service", "scopes": ["reports:read"], "reason": "a dashboard"});
                    admin.post(&format!("{url}/role"), other).await.expect(200);
                }
            };
            ensure_cut_off(app, key, path, lose).await;
        }
    }

    async fn a_download_is_aborted_when_its_caller_loses_the_right_or_the_document_is_deleted(app) {
        let tech = app.tech(3).await;
        let case = app.a_case().accepted().create().await;
        let bytes = [&b"%PDF-1.7\n"[..], &vec![b'x'; 40 << 20]].concat();
        let form = Form::new().text("document_type", "other").file("large.pdf", "application/pdf", &bytes);
        let added = app.as_manager().await.upload(&case.url("documents"), &form).await.expect(201);
        let document = format!("documents/{}", added["id"].as_str().expect("an id"));
        let path = format!("{document}/content");
        let token = app.as_user(&tech).await.token().to_owned();
        ensure_whole(app, &token, &path).await;
        ensure_cut_off(app, &token, &path, lose(app, &tech, &Json::Null, 3)).await;
        let token = app.as_user(&tech).await.token().to_owned();
        let delete = async { drop(app.as_admin().await.delete(&format!("{document}?reason=wrong")).await.expect(204)) };
        ensure_cut_off(app, &token, &path, delete).await;
    }
}
