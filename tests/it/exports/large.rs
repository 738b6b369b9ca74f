//! Exports of any length: streamed from the database to the client, never held in memory as a whole.

use crate::app::copies::{ID, literal, multiply, run};
use crate::app::{Kind, Process, Settings, TestApp};
use entity::case;
use entity::clock::Clock;
use reqwest::Method;

/// Exports `count` cases from a process of its own, which uses at most `mib` MiB more than when idle: far less than the export's
/// size.
async fn exported(kind: Kind, count: usize, mib: u64) {
    let settings = Settings { clock: Clock::system(), ..Settings::default() };
    let Some(app) = TestApp::start_with(kind, settings).await else { return };
    let case = app.a_case().accepted().create().await;
    let token = app.as_manager().await.token().to_owned();
    // Bypasses the audited write path: the database's safeguards would refuse rows without entries.
    let lift = match kind {
        Kind::Sqlite => "DROP TRIGGER cases_audited_insert",
        Kind::Postgres => "ALTER TABLE cases DISABLE TRIGGER cases_audited",
    };
    run(&app, lift).await;
    let this = format!("t.id = {}", literal(kind, &case.id()));
    multiply::<case::Entity>(&app, "cases", &this, count - 1, &[ID, ("case_number", "'COPY-' || i", "'COPY-' || i")]).await;

    let process = Process::start(&app).await;
    let get = |path: &str| process.request(Method::GET, path).bearer_auth(&token).send();
    get("cases").await.unwrap().error_for_status().unwrap();
    // The code of an export is read from disk when it first runs, and that is no memory of this one.
    let empty = "exports/cases.ndjson?since=2001-01-01&until=2001-01-02";
    get(empty).await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
    process.reset_peak();
    let idle = process.memory("VmRSS");
    let mut export = get("exports/cases.ndjson").await.unwrap().error_for_status().unwrap();
    let (mut lines, mut bytes) = (0, 0);
    while let Some(chunk) = export.chunk().await.unwrap() {
        lines += chunk.iter().filter(|byte| **byte == b'\n').count();
        bytes += chunk.len();
    }
    assert_eq!(lines, count);
    let peak = process.memory("VmHWM");
    assert!(bytes as u64 > mib * 1024 * 1024 * 3 / 2, "{bytes} bytes tell nothing");
    assert!(peak < idle + mib * 1024, "from {idle} KiB to {peak} KiB");
    println!("{kind:?}: {count} rows, {bytes} bytes, from {idle} KiB to {peak} KiB");
    process.kill();
}

#[tokio::test]
async fn an_export_is_streamed_with_little_memory() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        exported(kind, 100_000, 32).await;
    }
}

#[tokio::test]
#[ignore = "a drill of some minutes, run by its own command"]
async fn a_million_rows_are_streamed_with_little_memory() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        exported(kind, 1_000_000, 64).await;
    }
}
