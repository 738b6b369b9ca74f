//! Cases: one file per verb, as in the service.

mod accept;
mod allowed_actions;
mod assign;
mod assignees;
mod complete;
mod create;
mod credit;
mod delete;
mod edit;
mod get;
mod hold;
mod list;
mod race;
mod reject;
mod release;
mod resubmit;
mod resume;
mod review;
mod secrecy;
mod something_new;
mod statements;
mod submit;
mod tier;
mod visibility;
mod walkthrough;
