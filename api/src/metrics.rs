//! The counters of this process since it started, for `/metrics`. Labels contain only values from closed lists.

use crate::wire::Shortage;
use chrono::{DateTime, Utc};
use entity::audit::{Action, Outcome, WriteStage};
use entity::audit_log::vitals;
use entity::db::Observer;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The counters of one process, shared by all who count.
#[derive(Clone)]
pub struct Metrics(Arc<RegisteredMetrics>);

struct RegisteredMetrics {
    registry: Registry,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    connections: Gauge,
    closed_connections: Family<ClosedLabels, Counter>,
    reports: Family<ReportLabels, Histogram, fn() -> Histogram>,
    logins: Family<LoginLabels, Counter>,
    entries: Family<EntryLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    unavailable: Family<CauseLabels, Counter>,
    watch: Mutex<vitals::Watch>,
}

/// The labels that distinguish requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    pub method: &'static str,
    /// The contract's path template, never the path itself.
    pub route: &'static str,
    pub status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReportLabels {
    report: String,
    format: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoginLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EntryLabels {
    action_type: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabels {
    cause: &'static str,
}

/// Why the service closed a connection that its client was still using.
#[derive(Clone, Copy, Debug)]
pub enum Closed {
    /// The client's address had too many connections.
    AddressLimit,
    /// There were too many in all, and every one of them was serving a request.
    Limit,
    /// It was waiting for its client, and its place was given to another connection.
    Evicted,
    /// The head of a request took too long.
    SlowHead,
    /// Its client read nothing of a response for too long.
    SlowReader,
}

impl Closed {
    const ALL: [Self; 5] = [Self::AddressLimit, Self::Limit, Self::Evicted, Self::SlowHead, Self::SlowReader];

    fn labels(self) -> ClosedLabels {
        let reason = match self {
            Self::AddressLimit => "address_limit",
            Self::Limit => "limit",
            Self::Evicted => "evicted",
            Self::SlowHead => "slow_head",
            Self::SlowReader => "slow_reader",
        };
        ClosedLabels { reason }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedLabels {
    reason: &'static str,
}

const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Denied];
/// The possible outcomes of a login attempt.
const LOGIN_OUTCOMES: [&str; 5] = ["success", "failure", "limited", "invalid", "error"];
const LOGIN: &str = "/api/v1/auth/login";
const REPORTS: &str = "/api/v1/reports/";

impl Metrics {
    /// Starts counting.
    pub fn new(now: DateTime<Utc>) -> Self {
        let requests: fn() -> Histogram = || Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);
        let reports: fn() -> Histogram = || Histogram::new([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]);
        let mut metrics = RegisteredMetrics {
            registry: Registry::default(),
            requests: Family::new_with_constructor(requests),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            closed_connections: Family::default(),
            reports: Family::new_with_constructor(reports),
            logins: Family::default(),
            entries: Family::default(),
            failures: Family::default(),
            unavailable: Family::default(),
            watch: Mutex::new(vitals::Watch::from(now)),
        };
        metrics.register(now);
        metrics.begin_at_zero();
        Self(Arc::new(metrics))
    }

    /// The observer that the database notifies of each entry.
    pub fn observer(&self) -> Arc<dyn Observer> {
        self.0.clone()
    }

    /// The metrics as text.
    pub fn write_to(&self, text: &mut String) -> fmt::Result {
        prometheus_client::encoding::prometheus_text::encode(text, &self.0.registry)
    }

    /// The watch for values that only the database knows; one reader at a time.
    pub fn watch(&self) -> &Mutex<vitals::Watch> {
        &self.0.watch
    }

    pub fn begin_request(&self) {
        self.0.in_flight.inc();
    }

    /// A request has ended, whatever its outcome.
    pub fn end_request(&self) {
        self.0.in_flight.dec();
    }

    /// A connection was accepted.
    pub fn open_connection(&self) {
        self.0.connections.inc();
    }

    /// An accepted connection was closed.
    pub fn end_connection(&self) {
        self.0.connections.dec();
    }

    /// The service closed a connection, or did not accept it.
    pub fn closed_connection(&self, reason: Closed) {
        self.0.closed_connections.get_or_create(&reason.labels()).inc();
    }

    /// A request was answered 503.
    pub fn unavailable(&self, cause: Shortage) {
        self.0.unavailable.get_or_create(&CauseLabels { cause: cause.code() }).inc();
    }

    /// A request was answered.
    pub fn answered(&self, labels: &RequestLabels, seconds: f64) {
        self.0.requests.get_or_create(labels).observe(seconds);
        let is_done = (200..300).contains(&labels.status);
        if let Some(path) = labels.route.strip_prefix(REPORTS).filter(|_| is_done) {
            let (report, format) = path.strip_suffix(".csv").map_or((path, "json"), |report| (report, "csv"));
            let labels = ReportLabels { report: report.replace(['-', '/'], "_"), format };
            self.0.reports.get_or_create(&labels).observe(seconds);
        }
        if labels.route == LOGIN && labels.method == "POST" {
            let outcome = match labels.status {
                200..300 => "success",
                401 => "failure",
                429 => "limited",
                ..500 => "invalid",
                _ => "error",
            };
            self.0.logins.get_or_create(&LoginLabels { outcome }).inc();
        }
    }
}

impl RegisteredMetrics {
    /// The help text of each metric. The library ends each text with a full stop.
    fn register(&mut self, now: DateTime<Utc>) {
        let to = &mut self.registry;
        let text = "Duration of requests until the last byte of the response, by the contract's path template; \
                    paths that match none are 'unmatched'";
        to.register_with_unit("http_request_duration", text, Unit::Seconds, self.requests.clone());
        to.register("http_requests_in_flight", "Requests currently in progress", self.in_flight.clone());
        to.register("http_connections", "Connections currently open", self.connections.clone());
        let text = "Connections that the service closed or did not accept, by reason: too many from one address, too many in \
                    all, idle when another one needed the place, or too slow with the head of a request";
        to.register("http_connections_closed", text, self.closed_connections.clone());
        let text = "Duration of successful reports until the last byte, by report and format";
        to.register_with_unit("casetrail_report_duration", text, Unit::Seconds, self.reports.clone());
        let text = "Login attempts by outcome, including those that the audit log only counts";
        to.register("casetrail_logins", text, self.logins.clone());
        let text = "Audit entries that this process committed";
        to.register("casetrail_audit_entries", text, self.entries.clone());
        let text = "Audit entries that could not be written, and with them the changes that they record: refused by the program, \
                    rejected by the database, or not committed";
        to.register("casetrail_audit_write_failures", text, self.failures.clone());
        let text = "Requests answered 503, by cause: the database or the document storage did not answer in time, the audit log \
                    could not be written, there was too much work at once, or the service was not ready or stopping";
        to.register("casetrail_unavailable", text, self.unavailable.clone());
        let started = ConstGauge::new((now - DateTime::UNIX_EPOCH).as_seconds_f64());
        let text = "Start time of this process, in seconds since 1970";
        to.register_with_unit("process_start_time", text, Unit::Seconds, started);
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        to.register("casetrail_build", "The running version", build);
    }

    /// A series that starts with its first event would not show that event as an increase.
    fn begin_at_zero(&self) {
        for action in Action::all() {
            for outcome in OUTCOMES {
                drop(self.entries.get_or_create(&EntryLabels { action_type: action.code(), outcome: outcome.code() }));
            }
        }
        for stage in WriteStage::ALL {
            drop(self.failures.get_or_create(&FailureLabels { stage: stage.code() }));
        }
        for outcome in LOGIN_OUTCOMES {
            drop(self.logins.get_or_create(&LoginLabels { outcome }));
        }
        for cause in Shortage::ALL {
            drop(self.unavailable.get_or_create(&CauseLabels { cause: cause.code() }));
        }
        for reason in Closed::ALL {
            drop(self.closed_connections.get_or_create(&reason.labels()));
        }
    }
}

impl Observer for RegisteredMetrics {
    fn committed(&self, action: &'static str, outcome: &'static str) {
        self.entries.get_or_create(&EntryLabels { action_type: action, outcome }).inc();
    }

    fn unwritten(&self, stage: &'static str) {
        self.failures.get_or_create(&FailureLabels { stage }).inc();
    }
}
