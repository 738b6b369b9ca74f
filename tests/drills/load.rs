//! The load drill: with half-open, slow, uploading and searching clients all at once, another caller gets responses about as fast
//! as on an idle service.

use crate::Plan;
use crate::app::{Kind, Process, Settings, TestApp};
use crate::crowd::{Crowd, address, head, is_live, on_its_own, percentile, upload};
use entity::clock::Clock;
use futures_util::future::{join, join_all};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const HALF_OPEN: usize = 1_000;
const SLOW: usize = 500;
const UPLOADS: usize = 100;
const SEARCHES: usize = 16;

/// How long the crowds send before the other caller is observed.
const WARM_UP: Duration = Duration::from_secs(3);

/// How many times slower than on an idle service the 99th percentile of requests may be.
const SLOWER_MAX: u32 = 5;
/// The same with nothing but searching clients.
const SEARCHES_ALONE: usize = 8;
const SLOWER_BY_SEARCHES_MAX: u32 = 3;
/// The 99th percentile of `/livez`.
const LIVEZ_MAX: Duration = Duration::from_millis(50);
/// The maximum memory of the process, in KiB.
const MEMORY_MAX: u64 = 256 * 1024;

pub async fn on(kind: Kind, plan: Plan) {
    let app = TestApp::start_with(kind, Settings { clock: Clock::system(), ..Settings::default() }).await;
    let app = app.expect("PostgreSQL is installed");
    app.fill_log().await;
    let process = Process::start(&app).await;
    let time = Duration::from_secs(u64::try_from(plan.rounds(40, 12)).expect("seconds"));
    let caller = app.as_tech(3).await;
    let idle = observe(&process, caller.token(), time / 2).join().expect("an observation");
    let searched = with_searches(&app, &process, time / 2).await;
    let busy = under_load(&app, &process, time).await;
    let memory = process.memory("VmHWM");
    println!(
        "{kind:?} idle: {idle}\n{kind:?} with {SEARCHES_ALONE} searches: {searched}\n{kind:?} busy: {busy}, at most {} MiB",
        memory / 1024
    );
    assert_eq!((searched.failed, busy.failed), (0, 0), "other callers were not served");
    let limit = idle.me * SLOWER_BY_SEARCHES_MAX;
    assert!(searched.me <= limit, "with searches GET /auth/me took {:?}, other callers were not served as before", searched.me);
    assert!(busy.livez <= LIVEZ_MAX, "/livez took {:?}, other callers were not served as before", busy.livez);
    let limit = idle.me * SLOWER_MAX;
    assert!(busy.me <= limit, "GET /auth/me took {:?}, other callers were not served as before", busy.me);
    assert!(memory <= MEMORY_MAX, "{memory} KiB in memory");
    drop(process);
    app.finish().await;
}

async fn with_searches(app: &TestApp, process: &Process, time: Duration) -> Observed {
    let (searcher, caller, searching) = (app.as_admin().await, app.as_tech(3).await, Crowd::default());
    let observed = observe(process, caller.token(), time);
    let over = async {
        tokio::time::sleep(time).await;
        searching.disperse();
    };
    join(join_all((0..SEARCHES_ALONE).map(|_| search(process, searcher.token(), &searching))), over).await;
    observed.join().expect("an observation")
}

async fn under_load(app: &TestApp, process: &Process, time: Duration) -> Observed {
    let (member, admin, caller) = (app.as_member().await, app.as_admin().await, app.as_tech(3).await);
    let case = app.a_case().accepted().create().await;
    let slow = [head("", "auth/login", "application/json", 1_000).as_bytes(), &[b' '; 1_000]].concat();
    let file = upload(member.token(), case.path().trim_start_matches("/api/v1/"), 4 << 20);
    let searcher = admin.token();
    std::thread::scope(|scope| {
        let crowds = scope.spawn(|| {
            lower_priority();
            on_its_own(crowds(process, &slow, &file, searcher, WARM_UP + time))
        });
        std::thread::sleep(WARM_UP);
        let observed = observe(process, caller.token(), time);
        crowds.join().expect("crowds");
        observed.join().expect("an observation")
    })
}

/// Lowers the priority of this thread: the crowds stand for clients on other hosts, which take no processor time from the
/// service.
fn lower_priority() {
    let thread = std::fs::read_link("/proc/thread-self").expect("/proc");
    let thread = thread.file_name().expect("a number").to_owned();
    let done = std::process::Command::new("renice").args(["-n", "10", "-p"]).arg(thread).output().expect("renice");
    assert!(done.status.success(), "{done:?}");
}

async fn crowds(process: &Process, slow: &[u8], file: &[u8], searcher: &str, time: Duration) {
    let half = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: drill\r\nContent-Ty";
    let [half_open, slowly, uploading, searching] = [(); 4].map(|()| Crowd::default());
    let (to, second) = (address(process), Duration::from_secs(1));
    let sending = join(
        join(
            join_all((0..HALF_OPEN).map(|number| half_open.send(to, number, half, (usize::MAX, second)))),
            join_all((0..SLOW).map(|number| slowly.send(to, number, slow, (120, second)))),
        ),
        join(
            join_all((0..UPLOADS).map(|number| uploading.send(to, number, file, (128 << 10, second / 4)))),
            join_all((0..SEARCHES).map(|_| search(process, searcher, &searching))),
        ),
    );
    let over = async {
        tokio::time::sleep(time).await;
        for crowd in [&half_open, &slowly, &uploading, &searching] {
            crowd.disperse();
        }
    };
    join(sending, over).await;
    for (crowd, name) in [(half_open, "half-open"), (slowly, "slow"), (uploading, "uploading"), (searching, "searching")] {
        println!("{name}: responses by status (0: none) {:?}", crowd.answers());
    }
}

/// Repeatedly searches the log for a text that it does not contain. With connections of its own: those of a shared client belong
/// to the thread that opened them.
async fn search(process: &Process, token: &str, crowd: &Crowd) {
    let client = crate::app::http().build().expect("a client");
    let url = format!("http://{}/api/v1/audit-log?q=nowhere", address(process));
    while !crowd.is_over() {
        let asked = client.get(&url).bearer_auth(token).send().await;
        let status = asked.map_or(0, |answer| answer.status().as_u16());
        crowd.count(status);
        if status != 200 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// What a caller outside the crowds observes.
struct Observed {
    /// The 99th percentile.
    me: Duration,
    livez: Duration,
    requests: usize,
    failed: usize,
}

impl std::fmt::Display for Observed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { me, livez, requests, failed } = self;
        write!(f, "{requests} requests, {failed} failed, p99 of GET /auth/me {me:?}, p99 of /livez {livez:?}")
    }
}

/// Sends requests from a separate thread, so that the crowds don't delay what is measured.
fn observe(process: &Process, token: &str, time: Duration) -> JoinHandle<Observed> {
    let (address, token) = (address(process).to_owned(), token.to_owned());
    std::thread::spawn(move || on_its_own(ask(&address, &token, time)))
}

async fn ask(address: &str, token: &str, time: Duration) -> Observed {
    let (kept, began) = (crate::app::http().build().expect("a client"), Instant::now());
    let (mut me, mut livez, mut failed) = (Vec::new(), Vec::new(), 0);
    while began.elapsed() < time {
        for _ in 0..5 {
            let sent = Instant::now();
            let answer = kept.get(format!("http://{address}/api/v1/auth/me")).bearer_auth(token).send().await;
            failed += usize::from(!answer.is_ok_and(|answer| answer.status() == 200));
            me.push(sent.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let sent = Instant::now();
        failed += usize::from(!is_live(address).await.is_ok_and(|is_live| is_live));
        livez.push(sent.elapsed());
    }
    let requests = me.len() + livez.len();
    Observed { me: percentile(&mut me, 99), livez: percentile(&mut livez, 99), requests, failed }
}
