//! HTTP operations on notes and comments about cases, one file per verb.

mod create;
mod delete;
mod get;
mod list;
mod target;
mod view;

pub use view::CaseNoteList;

use crate::http::Routes;
use target::{NotePath, NoteTarget};
use view::CaseNote;

pub fn configure(routes: &mut impl Routes) {
    routes.service(list::list_case_notes).service(create::create_case_note).service(get::get_note).service(delete::delete_note);
}
