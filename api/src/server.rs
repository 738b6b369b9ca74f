//! The HTTP server: one application, served the same to everybody, the tests included.

use crate::http::{arrival, cors, edge, fallback, limits, log, measure, single, work};
use crate::state::App;
use crate::{docs, openapi, routes};
use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpServer, web};
use std::net::TcpListener;
use std::time::Duration;
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt;

/// Serves on a bound socket until it is stopped.
pub fn serve(app: App, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let contract = web::Data::from(openapi::Texts::current().map_err(std::io::Error::other)?);
    let factory = move || {
        actix_web::App::new()
            .app_data(web::Data::new(app.clone()))
            .app_data(contract.clone())
            .wrap(from_fn(single::demand))
            .wrap(from_fn(work::work))
            .wrap(from_fn(limits::limit))
            .wrap(cors::cors(app.cors_origins()))
            .wrap(Compress::default())
            .wrap(from_fn(edge::edge))
            .wrap(TracingLogger::<log::RequestSpan>::new())
            .wrap(from_fn(measure::measure))
            .wrap(from_fn(arrival::arrive))
            .into_utoipa_app()
            .configure(routes::configure)
            .into_app()
            .configure(docs::configure)
            .default_service(web::to(fallback::fallback))
    };
    let server = HttpServer::new(factory)
        .workers(workers)
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(10)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
