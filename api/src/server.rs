//! The HTTP server: one application, the same in production and in tests.

use crate::http::layers::connections::{ConnectionLimits, Connections, Guarded};
use crate::http::layers::{arrival, cors, docs, edge, fallback, limits, log, measure, page, single, static_files, work};
use crate::http::request::operations;
use crate::state::App;
use crate::system;
use crate::{openapi, routes};
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::HttpServer;
use actix_web::dev::{AppConfig, Server};
use actix_web::guard;
use actix_web::http::Method;
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, ServiceConfig};
use socket2::SockRef;
use std::future::ready;
use std::net::TcpListener;
use std::time::Duration;
use tracing_actix_web::TracingLogger;

/// How long a connection may be idle between two requests. A drain of the same length leaves no such connection behind.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long requests in flight may take to finish once the drain is over, in seconds.
const FINISH_SECONDS: u64 = 9;
/// How long the rest of a refused body is read and dropped: a connection that is closed with unread bytes loses its response.
const LINGER: Duration = Duration::from_secs(1);
/// How many connections may wait to be accepted. With the standard library's 128, of hundreds that arrive at once most are
/// retried by their clients a second later, or three.
const BACKLOG: i32 = 1_024;

/// Serves on a bound socket until it is stopped.
pub fn serve(app: App, listener: TcpListener, workers: usize, limits: ConnectionLimits) -> std::io::Result<Server> {
    SockRef::from(&listener).listen(BACKLOG)?;
    let connections = Connections::new(limits, app.public_path(), app.metrics().clone());
    let contract = web::Data::from(openapi::install(app.public_path()).map_err(std::io::Error::other)?);
    let files = web::Data::new(static_files::CompressedFiles::default());
    let factory = move || {
        actix_web::App::new()
            .app_data(web::Data::new(app.clone()))
            .app_data(contract.clone())
            .app_data(files.clone())
            .wrap(from_fn(static_files::compress_once))
            .wrap(from_fn(single::refuse_repeated))
            .wrap(from_fn(work::work))
            .wrap(from_fn(limits::limit))
            .wrap(cors::cors(app.cors_origins()))
            .wrap(Compress::default())
            .wrap(from_fn(edge::edge))
            .wrap(TracingLogger::<log::RequestSpan>::new())
            .wrap(from_fn(measure::measure))
            .wrap(from_fn(arrival::arrive))
            .configure(|config| hide_metrics(config, &app))
            .configure(refuse_other_methods)
            .configure(routes::configure_root)
            .service(web::scope(routes::VERSIONED).configure(routes::configure_versioned))
            .configure(page::configure)
            .configure(docs::configure)
            .default_service(web::to(fallback::fallback))
    };
    let server = actix_server::Server::build().workers(workers).shutdown_timeout(FINISH_SECONDS).disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen("casetrail", listener, move || {
        let (connections, stopping) = (connections.clone(), stopping.clone());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            // Each head has its own timeout on an admitted connection, not only the first.
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(LINGER)
            .on_connect_ext(|connection: &Guarded, data| drop(data.insert(connection.handle())));
        let app = factory().into_factory().map_err(|error: actix_web::Error| error.error_response());
        fn_service(move |io: TcpStream| {
            let peer = io.peer_addr().ok();
            let admitted = connections.admit(io).map(|io| (io, Protocol::Http1, peer));
            // A connection without a place is closed.
            ready(admitted.ok_or(DispatchError::DisconnectTimeout))
        })
        .and_then(http.finish(map_config(app, |_| AppConfig::default())))
    })?;
    Ok(server.run())
}

/// Serves the metrics, and nothing else, on a socket of their own. They stay available while the service stops.
pub fn serve_metrics(app: App, listener: TcpListener) -> std::io::Result<Server> {
    let factory = move || {
        actix_web::App::new()
            .app_data(web::Data::new(app.clone()))
            .wrap(from_fn(edge::edge))
            .wrap(TracingLogger::<log::RequestSpan>::new())
            .wrap(from_fn(measure::measure))
            .wrap(from_fn(arrival::arrive))
            .service(system::get_metrics)
            .default_service(web::to(fallback::absent))
    };
    Ok(HttpServer::new(factory).workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

/// Other methods of `/cases/counts` are not those of a case whose id is `counts`.
fn refuse_other_methods(config: &mut ServiceConfig) {
    for path in operations::literals_beside_templates() {
        let methods = operations::methods_of(path);
        let is_other = guard::fn_guard(move |context| {
            let method = if context.head().method == Method::HEAD { "GET" } else { context.head().method.as_str() };
            !methods.contains(&method)
        });
        config.service(web::resource(path).guard(is_other).to(fallback::fallback));
    }
}

/// Where the metrics have an address of their own, they don't exist at this one.
fn hide_metrics(config: &mut ServiceConfig, app: &App) {
    if app.has_metrics_apart() {
        config.service(web::resource("/metrics").to(fallback::absent));
    }
}
