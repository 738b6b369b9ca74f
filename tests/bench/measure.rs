//! Measures all paths and what they are compared with on one database, in interleaved rounds, and makes the rows of the table.

use crate::Plan;
use crate::app::{Kind, TestApp, connect};
use crate::ceiling::Ceiling;
use crate::controls::{self, Export};
use crate::disk;
use crate::drive::{Cost, drive};
use crate::figures::{Limit, Row, median};
use crate::lag;
use crate::paths::{self, Bound, Path};
use crate::place::Place;
use crate::server::Server;
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::time::Duration;

const ROUNDS: usize = 3;
/// As an operator sets up a server of some size; commits wait for the disk.
const OPTIONS: &str = "-c shared_buffers=512MB -c max_wal_size=4GB -c synchronous_commit=on -c max_connections=200";
/// The page number that must cost what the first one costs, if the log is that long.
const DEEP_PAGE: u64 = 10_000;
const MIB_MORE_MAX: f64 = 16.0;
/// How many times as long as another measurement that of the lag takes: it needs the slowest of many edits.
const LAG_TIMES: u32 = 6;

/// Figures by name, one per round.
#[derive(Default)]
pub struct Samples(BTreeMap<String, Vec<f64>>);

impl Samples {
    pub fn add(&mut self, name: impl Into<String>, figure: f64) {
        self.0.entry(name.into()).or_default().push(figure);
    }

    pub fn median(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(|figures| median(figures))
    }

    fn add_cost(&mut self, name: &str, cost: Cost) {
        self.add(format!("{name} ms"), cost.ms);
        self.add(format!("{name} tps"), cost.per_second);
        self.add(format!("{name} mib"), cost.more_mib);
    }

    fn add_export(&mut self, export: Export) {
        self.add("export ms", export.cpu_ms);
        self.add("export first", export.first_byte_ms);
        self.add("export mib", export.more_mib);
    }
}

/// Fills a database of this kind, measures, and returns the rows.
pub async fn on(kind: Kind, plan: &Plan) -> Vec<Row> {
    let server = (kind == Kind::Postgres).then(|| Server::start(OPTIONS));
    let name = format!("{kind:?}").to_lowercase();
    let mut large = Place::prepare(&name, open(server.as_ref(), "large").await, plan.rows).await;
    // On SQLite one database does: what is flat is so by the same statements.
    let small = match &server {
        Some(_) => {
            let few = plan.rows / 10;
            Some(Place::prepare(&format!("{name}, a tenth"), open(server.as_ref(), "small").await, few).await)
        }
        None => None,
    };
    let chosen: Vec<Path> = paths::all().into_iter().filter(|path| plan.includes(path.name)).collect();
    if chosen.iter().any(|path| path.name == "log-deep") {
        large.find_deep_cursor((DEEP_PAGE * 50).min(plan.rows / 2)).await;
    }
    let mut samples = Samples::default();
    let controls = Controls::start(&large, plan).await;
    for round in 1..=ROUNDS {
        println!("{name}: round {round} of {ROUNDS}");
        for path in &chosen {
            samples.add_cost(path.name, drive(&large, path, plan.time()).await);
            let small = small.as_ref().filter(|_| path.is_flat);
            if let Some(small) = small {
                samples.add_cost(&format!("{} small", path.name), drive(small, path, plan.time()).await);
            }
            if let Some(controls) = &controls {
                controls.beside(&large, path, plan.time(), &mut samples).await;
            }
            for place in [Some(&large), small].into_iter().flatten().filter(|_| path.writes()) {
                place.until_sealed().await;
            }
        }
        if plan.includes("lag") {
            lag::rates(&large, round, plan.time() * LAG_TIMES, &mut samples).await;
        }
        if plan.includes("export") {
            samples.add_export(controls::export(&large).await);
            if let Some(controls) = &controls {
                samples.add("copy", controls::copy(&large, &controls.client).await);
            }
        }
    }
    let mut rows: Vec<Row> = chosen.iter().flat_map(|path| of_path(kind, path, &samples)).collect();
    rows.extend(of_export(kind, &samples));
    rows.extend(of_lag(&samples));
    rows.extend(of_process(&large));
    // Last, since it starts the service again and again.
    if kind == Kind::Sqlite && plan.includes("shared-commit") {
        for _ in 1..=ROUNDS {
            large = disk::rates(large, plan.time(), &mut samples).await;
        }
        rows.extend(of_disk(&samples));
    }
    rows.iter_mut().for_each(|row| row.path = format!("{name} {}", row.path));
    rows
}

#[expect(clippy::disallowed_methods, reason = "the bench creates its own databases")]
async fn open(server: Option<&Server>, name: &str) -> TestApp {
    let Some(server) = server else {
        return TestApp::start_with(Kind::Sqlite, Place::settings()).await.expect("SQLite is always available");
    };
    let admin = connect(&server.url()).await;
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
    admin.close().await.expect("close");
    let url = server.url();
    let (host, _) = url.rsplit_once('/').expect("a URL");
    TestApp::start_at(&format!("{host}/{name}"), Place::settings()).await
}

/// What runs beside the paths on PostgreSQL.
struct Controls {
    ceiling: Ceiling,
    client: tokio_postgres::Client,
}

impl Controls {
    async fn start(place: &Place, plan: &Plan) -> Option<Self> {
        place.postmaster?;
        if plan.includes("edit") {
            controls::prepare_pgbench(place).await;
        }
        Some(Self { ceiling: Ceiling::start(&place.app.url).await, client: controls::connect(place).await })
    }

    /// Measures what a path is compared with, right after it.
    async fn beside(&self, place: &Place, path: &Path, time: Duration, samples: &mut Samples) {
        match path.bound {
            Bound::Ceiling { .. } => {
                samples.add("ceiling", controls::ceiling(place, &self.ceiling, time).await);
                if let Some((per_second, ms)) = controls::pgbench(place, time).await {
                    samples.add("pgbench tps", per_second);
                    samples.add("pgbench ms", ms);
                }
            }
            Bound::Report { ideal: Some(_), .. } => {
                if let Some(ms) = controls::ideal(place, &self.client, path.name, time).await {
                    samples.add(format!("{} ideal", path.name), ms);
                }
            }
            Bound::Report { ideal: None, .. } | Bound::None | Bound::Ms(_) | Bound::Times { .. } => {}
        }
    }
}

/// The rows of a path: its cost, what it is compared with, its growth, and its memory.
fn of_path(kind: Kind, path: &Path, samples: &Samples) -> Vec<Row> {
    let Path { name, bound, .. } = path;
    let Some(ms) = samples.median(&format!("{name} ms")) else { return Vec::new() };
    let against = |label: &str, sample: &str| samples.median(sample).map(|figure| (label.to_owned(), figure));
    let row = |path: String, limit| Row { path, figure: ms, unit: "ms", against: None, limit };
    let is_postgres = kind == Kind::Postgres;
    let mut rows = match *bound {
        Bound::None => vec![row((*name).to_owned(), None)],
        // The limits are those of PostgreSQL; those of searches hold on both.
        Bound::Ms(limit) => {
            let is_held_to = is_postgres || path.may_be_refused;
            vec![row((*name).to_owned(), is_held_to.then_some(Limit::Max(limit)))]
        }
        Bound::Report { ms: limit, ideal } => {
            let limit = Limit::Max(if is_postgres { limit } else { limit * 3.0 });
            let ideal = ideal.filter(|_| is_postgres).map(|times| Row {
                against: against("ideal statements", &format!("{name} ideal")),
                ..row(format!("{name}, ideal"), Some(Limit::MaxTimes(times)))
            });
            [row((*name).to_owned(), Some(limit))].into_iter().chain(ideal).collect()
        }
        Bound::Times { other, times } => {
            let against = against(other, &format!("{other} ms"));
            vec![Row { against, ..row((*name).to_owned(), Some(Limit::MaxTimes(times))) }]
        }
        Bound::Ceiling { times, of_pgbench } if is_postgres => vec![
            Row { against: against("ceiling", "ceiling"), ..row((*name).to_owned(), Some(Limit::MaxTimes(times))) },
            Row { against: against("pgbench", "pgbench ms"), ..row(format!("{name}, pgbench"), None) },
            Row {
                figure: samples.median(&format!("{name} tps")).unwrap_or_default(),
                unit: "/s",
                against: against("pgbench", "pgbench tps"),
                ..row(format!("{name}, rate"), Some(Limit::MinTimes(of_pgbench)))
            },
        ],
        Bound::Ceiling { .. } => vec![row((*name).to_owned(), None)],
    };
    if let Some(small) = against("a tenth of the entries", &format!("{name} small ms")) {
        rows.push(Row { against: Some(small), ..row(format!("{name}, growth"), Some(Limit::MaxTimes(1.3))) });
    }
    if path.is_bounded_in_memory {
        let figure = samples.median(&format!("{name} mib")).unwrap_or_default();
        rows.push(Row { figure, unit: "MiB", ..row(format!("{name}, memory"), Some(Limit::Max(MIB_MORE_MAX))) });
    }
    rows
}

fn of_export(kind: Kind, samples: &Samples) -> Vec<Row> {
    let is_postgres = kind == Kind::Postgres;
    let row = |name: &str, sample: &str, unit, limit| {
        let figure = samples.median(sample)?;
        Some(Row { path: name.to_owned(), figure, unit, against: None, limit })
    };
    let against = samples.median("copy").map(|figure| ("COPY".to_owned(), figure));
    let times = is_postgres.then_some(Limit::MaxTimes(4.0));
    let cost = row("export", "export ms", "ms", times).map(|row| Row { against, ..row });
    let first = row("export, first byte", "export first", "ms", Some(Limit::Max(50.0)));
    let memory = row("export, memory", "export mib", "MiB", Some(Limit::Max(MIB_MORE_MAX)));
    [cost, first, memory].into_iter().flatten().collect()
}

/// How long entries wait to be sealed, and what sealing costs writers.
fn of_lag(samples: &Samples) -> impl Iterator<Item = Row> {
    let row = |path: &str, figure, against, limit| Row { path: path.to_owned(), figure, unit: "ms", against, limit: Some(limit) };
    let lag = samples.median("lag").map(|ms| row("lag, p99", ms, None, Limit::Max(1_500.0)));
    let unsealed = samples.median("writers unsealed").zip(samples.median("writers sealed"));
    let writers = unsealed.map(|(unsealed, sealed)| {
        row("lag, p99 of writers", sealed, Some(("nothing sealed".to_owned(), unsealed)), Limit::MaxTimes(1.1))
    });
    lag.into_iter().chain(writers)
}

/// What writers of SQLite gain by sharing their COMMITs.
fn of_disk(samples: &Samples) -> impl Iterator<Item = Row> {
    disk::figures(samples).zip([1.3, 5.0]).map(|((delay, many, one), times)| Row {
        path: format!("shared-commit, {delay}"),
        figure: many,
        unit: "/s",
        against: Some(("one connection".to_owned(), one)),
        limit: Some(Limit::MinTimes(times)),
    })
}

/// What filling took, and the memory of the process.
fn of_process(place: &Place) -> Vec<Row> {
    let row = |name: &str, figure, unit, limit| Row {
        path: name.to_owned(),
        figure,
        unit,
        against: None,
        limit: Some(Limit::Max(limit)),
    };
    let mib = |kib: u64| kib as f64 / 1_024.0;
    let per_million = place.fill_seconds * 1_000_000.0 / place.filled.entries as f64;
    vec![
        row("fill, per million", per_million, "s", 60.0),
        row("memory, idle", mib(place.idle_kib), "MiB", 64.0),
        row("memory, after all", mib(place.process.memory("VmRSS")), "MiB", 90.0),
    ]
}
