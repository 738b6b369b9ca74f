//! The jobs: what each does, when it runs, and what is left of a run.

mod health;
mod holds;
mod mail_servers;
mod mails;
mod releases;
mod replicas;
pub mod run;
mod schedule;
