//! The memory drill: many uploads, exports and unread responses at once hardly increase the memory of the process.

use crate::Plan;
use crate::app::{Kind, Process, Scene, Settings, TestApp};
use crate::crowd::{Crowd, address, connect_from, head, upload};
use entity::clock::Clock;
use futures_util::future::join_all;
use reqwest::Method;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// The maximum growth of the process's memory, in KiB.
const GROWTH_MAX: u64 = 64 * 1024;
const MIB: usize = 1 << 20;

/// What arrives, or is requested, at once.
#[derive(Clone, Copy, Debug)]
pub enum Crowded {
    LargeBodies,
    SmallBodies,
    SlowUploads,
    LargeUploads,
    Exports,
    UnreadFiles,
}

/// Its short version on SQLite alone: what is received and sent takes the same memory on both.
pub async fn with(crowded: Crowded, plan: Plan) {
    on(Kind::Sqlite, crowded, plan).await;
    if !plan.is_short {
        on(Kind::Postgres, crowded, plan).await;
    }
}

async fn on(kind: Kind, crowded: Crowded, plan: Plan) {
    println!("{kind:?}:");
    let app = TestApp::start_with(kind, Settings { clock: Clock::system(), ..Settings::default() }).await;
    let app = app.expect("PostgreSQL is installed");
    if matches!(crowded, Crowded::Exports) {
        app.fill_log().await;
    }
    let process = Process::start(&app).await;
    match crowded {
        Crowded::LargeBodies => bodies(&app, &process, (300, MIB)).await,
        Crowded::SmallBodies => bodies(&app, &process, (1_500, 63 << 10)).await,
        Crowded::SlowUploads => slow_uploads(&app, &process).await,
        Crowded::LargeUploads => large_uploads(&app, &process, plan).await,
        Crowded::Exports => exports(&app, &process).await,
        Crowded::UnreadFiles => unread(&process).await,
    }
    drop(process);
    app.finish().await;
}

/// Resets the peak of the process's memory, and returns it: how much of it was returned to the system since the start depends on
/// how fast the machine is, and would count as growth.
fn begin(process: &Process) -> u64 {
    let peak = process.memory("VmHWM");
    std::fs::write(format!("/proc/{}/clear_refs", process.pid()), "5").expect("its own process");
    peak
}

fn demand(process: &Process, before: u64, crowd: &Crowd, what: &str) {
    let growth = process.memory("VmHWM").saturating_sub(before);
    println!("{what}: {} MiB before, up to {} MiB more, responses by status {:?}", before / 1024, growth / 1024, crowd.answers());
    assert!(growth <= GROWTH_MAX, "{what}: grew by {} MiB in memory", growth / 1024);
}

fn path(case: &Scene) -> String {
    case.path().trim_start_matches("/api/v1/").to_owned()
}

/// Three hundred at once, hardly faster than the slowest rate that is allowed.
async fn slow_uploads(app: &TestApp, process: &Process) {
    let member = app.as_member().await;
    let case = app.a_case().accepted().create().await;
    let (file, crowd) = (upload(member.token(), &path(&case), 3 * MIB), Crowd::default());
    // Once before measuring, so that what is loaded on first use is not counted.
    crowd.send_once(address(process), 0, &file, (MIB, Duration::ZERO)).await;
    let before = begin(process);
    let uploads = (0..300).map(|number| crowd.send(address(process), number, &file, (100 << 10, Duration::from_secs(1))));
    let over = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        crowd.disperse();
    };
    tokio::join!(join_all(uploads), over);
    demand(process, before, &crowd, "300 slow uploads");
    assert!(crowd.answers().keys().all(|status| [0, 503].contains(status)), "unexpected responses");
}

/// A hundred large uploads, each retried until it is accepted.
async fn large_uploads(app: &TestApp, process: &Process, plan: Plan) {
    let member = app.as_member().await;
    let (count, size) = (plan.rounds(100, 40), plan.rounds(50, 8) * MIB);
    let mut files = Vec::new();
    for _ in 0..4 {
        files.push(upload(member.token(), &path(&app.a_case().accepted().create().await), size));
    }
    let (crowd, before) = (Crowd::default(), begin(process));
    let uploads = (0..count).map(async |number| {
        loop {
            let status = crowd.send_once(address(process), number, &files[number % files.len()], (MIB, Duration::ZERO)).await;
            crowd.count(status);
            if status == 201 {
                return;
            }
            // Refused for now; if a connection is closed while more data is in transit, the response may be lost.
            assert!([0, 503].contains(&status), "an upload got status {status}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    join_all(uploads).await;
    demand(process, before, &crowd, &format!("{count} uploads of {} MiB", size / MIB));
}

/// Two hundred exports requested at once.
async fn exports(app: &TestApp, process: &Process) {
    let (admin, crowd, before) = (app.as_admin().await, Crowd::default(), begin(process));
    let exports = (0..200).map(async |_| {
        let asked = process.request(Method::GET, "audit-log/export.ndjson").bearer_auth(admin.token()).send().await;
        let Ok(mut answer) = asked else { return crowd.count(0) };
        crowd.count(answer.status().as_u16());
        while let Ok(Some(_)) = answer.chunk().await {}
    });
    join_all(exports).await;
    demand(process, before, &crowd, "200 exports");
    assert!(crowd.answers().keys().all(|status| [200, 503].contains(status)), "unexpected responses");
}

/// Many requests for a file of more than a megabyte, whose responses are not read.
async fn unread(process: &Process) {
    let request = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: drill\r\nAccept-Encoding: identity\r\n\r\n";
    let ask = async |number| {
        let mut wire = connect_from(number, address(process)).await.expect("a connection");
        wire.write_all(request).await.expect("a request");
        wire.readable().await.expect("a response");
        wire
    };
    // The first one loads the file.
    drop(ask(0).await);
    let (before, mut wires) = (begin(process), Vec::new());
    for number in 0..400 {
        wires.push(ask(number).await);
    }
    demand(process, before, &Crowd::default(), "400 unread files");
}

/// Many request bodies at once, each sent except its last kilobyte; most are refused, and the others end after 6 s.
async fn bodies(app: &TestApp, process: &Process, (count, length): (usize, usize)) {
    let head = head(app.as_admin().await.token(), "ingest/credit-resets", "application/json", length);
    let sent = [head.into_bytes(), vec![b' '; length - 1_024]].concat();
    let (crowd, before) = (Crowd::default(), begin(process));
    let bodies = (0..count).map(|number| crowd.send(address(process), number, &sent, (MIB * 2, Duration::from_secs(5))));
    let over = async {
        tokio::time::sleep(Duration::from_secs(6)).await;
        crowd.disperse();
    };
    tokio::join!(join_all(bodies), over);
    demand(process, before, &crowd, &format!("{count} bodies of {} KiB", length >> 10));
    assert!(crowd.answers().contains_key(&503), "none was refused: {:?}", crowd.answers());
}
