//! Forms: parsed identically however their headers are written and wherever their bytes are split, and refused without harm.

use super::*;
use crate::properties::{check, letter};
use actix_web::FromRequest;
use actix_web::dev;
use actix_web::error::PayloadError;
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use futures_util::stream::{self, Stream};
use proptest::prelude::*;
use proptest::sample::select;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cell::Cell;
use std::pin::Pin;
use tokio::runtime::{Builder, Runtime};

/// A document to upload.
#[derive(Clone, Debug)]
struct Handed {
    report_number: Option<i32>,
    notes: Option<String>,
    filename: String,
    file: String,
}

const BOUNDARY: &str = "x-Boundary'()+_,./:=?x";

fn handed() -> impl Strategy<Value = Handed> {
    let name = select("abcXYZ019 ._-()éß漢🦊\"';=,%/".chars().collect::<Vec<_>>());
    let pieces = ["a", "b", "-", "--", "\r", "\n", "\r\n", "\r\n--", "\r\n--x-Boundary", "--x-Boundary'()+_,./:=?", "é", ""];
    let content = || prop::collection::vec(select(pieces.to_vec()), 0..6).prop_map(|pieces| pieces.concat());
    let filename = prop::collection::vec(name, 0..12).prop_map(String::from_iter);
    let number = prop::option::of(1..=10_i32);
    (number, prop::option::of(content()), filename, content()).prop_map(|(report_number, notes, filename, file)| Handed {
        report_number,
        notes,
        filename,
        file,
    })
}

/// A number below a limit.
fn below(rng: &mut ChaCha8Rng, limit: usize) -> usize {
    usize::try_from(rng.next_u32()).unwrap() % limit
}

fn one_of<'a>(rng: &mut ChaCha8Rng, of: &[&'a str]) -> &'a str {
    of[below(rng, of.len())]
}

/// The headers of a part, in one of the ways to write them.
fn head(rng: &mut ChaCha8Rng, name: &str, filename: Option<&str>) -> String {
    let disposition = one_of(rng, &["Content-Disposition", "content-disposition", "CONTENT-DISPOSITION"]);
    let (colon, semicolon) = (one_of(rng, &[": ", ":", ":  "]), one_of(rng, &["; ", ";", " ; "]));
    let name = if rng.next_u32().is_multiple_of(2) { format!("name=\"{name}\"") } else { format!("name={name}") };
    let filename = filename.map(|filename| match rng.next_u32() % 3 {
        0 => format!("filename*=UTF-8''{}", filename.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>()),
        _ => format!("filename=\"{}\"", filename.replace('"', "%22")),
    });
    let parameters = match filename {
        Some(filename) if rng.next_u32().is_multiple_of(2) => format!("{filename}{semicolon}{name}"),
        Some(filename) => format!("{name}{semicolon}{filename}"),
        None => name,
    };
    let mut lines = vec![format!("{disposition}{colon}form-data{semicolon}{parameters}")];
    lines.extend(
        ["", "Content-Type: text/plain", "content-type:TEXT/plain; charset=utf-8"]
            .map(str::to_owned)
            .into_iter()
            .nth(below(rng, 3)),
    );
    lines.extend(["", "X-Other: name=\"file\"; filename=\"x\""].map(str::to_owned).into_iter().nth(below(rng, 2)));
    lines.retain(|line| !line.is_empty());
    let turn = below(rng, lines.len());
    lines.rotate_left(turn);
    lines.join("\r\n")
}

/// The whole body, in one of the ways to write it.
fn written(handed: &Handed, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let kind = if handed.report_number.is_some() { "report" } else { "supporting" };
    let mut parts =
        vec![(head(rng, "document_type", None), kind.to_owned()), (head(rng, FILE, Some(&handed.filename)), handed.file.clone())];
    parts.extend(handed.report_number.map(|number| (head(rng, "report_number", None), number.to_string())));
    parts.extend(handed.notes.clone().map(|notes| (head(rng, "notes", None), notes)));
    let turn = below(rng, parts.len());
    parts.rotate_left(turn);
    let parts = parts.into_iter().map(|(head, content)| format!("--{BOUNDARY}\r\n{head}\r\n\r\n{content}\r\n"));
    format!("{}--{BOUNDARY}--{}", parts.collect::<String>(), one_of(rng, &["\r\n", ""])).into_bytes()
}

fn received(runtime: &Runtime, body: &[u8], rng: &mut ChaCha8Rng, is_cut: bool) -> Result<Form> {
    let mut chunks = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let length = if is_cut { 1 + below(rng, 40) } else { rest.len() };
        let (chunk, more) = rest.split_at(length.min(rest.len()));
        chunks.push(Ok(Bytes::copy_from_slice(chunk)));
        rest = more;
    }
    let kind = format!("multipart/form-data; boundary=\"{BOUNDARY}\"");
    let request = TestRequest::default().insert_header((CONTENT_TYPE, kind)).to_http_request();
    let stream: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(stream::iter(chunks));
    runtime.block_on(async {
        let payload = Payload::from_request(&request, &mut dev::Payload::from(stream)).await.unwrap();
        receive(&request, payload, None).await
    })
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn a_form_is_parsed_identically_however_it_is_written() {
    let runtime = runtime();
    check("multipart headers", (handed(), any::<u64>()), |(handed, seed)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let body = written(&handed, &mut rng);
        let form = received(&runtime, &body, &mut rng, true);
        let filename = handed.filename.rsplit('/').next().unwrap().trim();
        let is_right = !["", ".", ".."].contains(&filename) && !handed.file.is_empty();
        let said = String::from_utf8_lossy(&body);
        match form {
            Ok(form) => {
                prop_assert!(is_right, "accepted: {}", said);
                let notes = handed.notes.filter(|notes| !notes.is_empty());
                prop_assert_eq!((form.report_number, form.notes), (handed.report_number, notes), "{}", said);
                prop_assert_eq!(form.file.filename.as_str(), filename, "{}", said);
                let sha256 = text::sha256_hex(handed.file.as_bytes());
                prop_assert_eq!(
                    (form.file.size_bytes, form.file.sha256),
                    (u64::try_from(handed.file.len()).unwrap(), sha256),
                    "{}",
                    said
                );
            }
            Err(error) => prop_assert!(!is_right && error.code == Code::ValidationFailed, "{:?}: {}", error, said),
        }
        Ok(())
    });
}

const PIECES: [&str; 22] = [
    "--x-Boundary'()+_,./:=?x\r\n",
    "\r\n--x-Boundary'()+_,./:=?x\r\n",
    "\r\n--x-Boundary'()+_,./:=?x--",
    "--x-Boundary'()+_,./:=?x--",
    "\r\n--x-Boundary'()+_,./:=?x",
    "Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n",
    "Content-Disposition: form-data; name=\"document_type\"\r\n\r\nsupporting",
    "Content-Disposition: form-data; name=\"report_number\"\r\n\r\n",
    "Content-Disposition: form-data; name=\"",
    "Content-Disposition: attachment; name=file; filename*=UTF-8''%FF%00\r\n\r\n",
    "Content-Disposition: form-data",
    "Content-Type: text/plain; boundary=\r\n",
    "Content-Type: multipart/mixed\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "filename=\"\\\"",
    "; ",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\n",
    "\0",
    "12",
];

/// A piece of a form, or any other bytes.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => select(PIECES.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => letter().prop_map(|letter| letter.to_string().into_bytes()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ]
}

/// A form in which a few places have other bytes, or none does.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = (any::<prop::sample::Index>(), 0..4_usize, piece());
    (handed(), any::<u64>(), prop::collection::vec(damage, 0..3)).prop_map(|(handed, seed, damages)| {
        let mut body = written(&handed, &mut ChaCha8Rng::seed_from_u64(seed));
        for (place, length, piece) in damages {
            let start = place.index(body.len());
            body.splice(start..(start + length).min(body.len()), piece);
        }
        body
    })
}

/// A random sequence of pieces of a form, or a form that is damaged.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(piece(), 0..14).prop_map(|pieces| pieces.concat()), damaged()]
}

#[test]
fn any_body_is_parsed_identically_wherever_it_is_split() {
    let (runtime, accepted) = (runtime(), Cell::new(0));
    check("multipart headers, broken", (bodies(), any::<u64>()), |(body, seed)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (whole, cut) = (received(&runtime, &body, &mut rng, false), received(&runtime, &body, &mut rng, true));
        let said = String::from_utf8_lossy(&body);
        match (whole, cut) {
            (Ok(whole), Ok(cut)) => {
                accepted.set(accepted.get() + 1);
                prop_assert_eq!(format!("{whole:?}"), format!("{cut:?}"));
                prop_assert!(text::is_displayable(&whole.file.filename) && whole.file.size_bytes > 0, "{:?}", whole);
            }
            (Err(whole), Err(cut)) => {
                prop_assert_eq!(whole.code, cut.code, "{}", said);
                let known = matches!(whole.code, Code::MalformedMultipart | Code::ValidationFailed);
                prop_assert!(known, "{:?}: {}", whole, said);
            }
            (whole, cut) => return Err(TestCaseError::fail(format!("{whole:?} whole, {cut:?} split: {said}"))),
        }
        Ok(())
    });
    assert!(accepted.get() > 20, "only {} bodies were accepted", accepted.get());
}
