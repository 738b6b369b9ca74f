// One case: its fields, what can be done to it, its documents, notes and reviews, and its audit trail.

import {el, linkTo, pushButton, quiet, replace, svg} from "../dom.js";
import {day, dayOf, label, number, person, time} from "../format.js";
import {badge, panel} from "../report.js";
import {pagedList} from "../list.js";
import {changed, documentParts} from "../files.js";
import {noteParts, reviewParts} from "../notes.js";
import {fieldChanges} from "../changes.js";
import {changeList, facts, outcome, readEntry} from "../entry.js";
import {actionForm, actionLabel, isNext, offered} from "../actions.js";
import {valuesOf} from "../forms.js";
import {showEntry} from "../drawer.js";
import {visit} from "../visit.js";
import {empty, failure} from "../states.js";
import {Problem} from "../api.js";
import {tone} from "../charts.js";
import {href} from "../route.js";

/** @typedef {Schemas["CaseDetail"]} Case */
/** @typedef {Schemas["AuditEntry"]} Entry */

export const title = "Case";
export const kind = "detail";

const TONES = new Map([
  ["hold", "warn"],
  ["needs_resubmission", "bad"],
  ["completed", "good"],
  ["draft", ""]
]);
/**
 * What was typed into a form before the case was read again.
 * @type {{id: string, action: string, values: Record<string, string>} | null}
 */
let draft = null;
/** @type {Record<string, string>} */
const NOTHING = {};
/** The entries of the trail that were read. @type {Map<string, Entry>} */
const known = new Map();

/** @param {string} code */
export const statusBadge = code => badge(code, label(code), TONES.get(code) ?? "info");

/** @param {{due_on: string, status: string}} item */
export const isOverdue = ({due_on: on, status}) => on < dayOf(new Date()) && status !== "draft" && status !== "completed";

/** @param {Context} context */
export function render(context) {
  const found = visit(context, one);
  void showEntry(context, async id => {
    const reads = context.can("read_audit_log");
    const isField = !id.includes("-");
    if (!isField && !reads) await found;
    const entry = isField ? await lastSet(context, id) : known.get(id);
    if (reads && (entry || !isField)) return readEntry(context, entry?.id ?? id);
    if (!entry) throw new Error("The history of this case has no such entry.");
    return entry;
  });
  return found;
}

/** The entry that set a field, which the address names in place of an entry. @param {Context} context @param {string} field */
async function lastSet({api, path: [id = ""]}, field) {
  const path = {case_id: id};
  const {data} = await api.get("/api/v1/cases/{case_id}/audit-trail", {path, query: {changed_field: field, limit: 1}});
  return data[0];
}

/** The answer, or the error. @template T @param {Promise<T>} work @returns {Promise<T | Error>} */
const settled = work => work.catch(error => (error instanceof Error ? error : new Error(String(error))));

/** @param {Context} context */
async function one(context) {
  const {api} = context;
  const path = {case_id: context.path[0] ?? ""};
  const [file, trail] = await Promise.all([
    settled(api.get("/api/v1/cases/{case_id}/file", {path})),
    settled(api.get("/api/v1/cases/{case_id}/audit-trail", {path}))
  ]);
  if (file instanceof Error) {
    if (file instanceof Problem && file.status === 404 && (await wasDeleted(context, path.case_id))) return [deleted(path)];
    throw file;
  }
  const {case: item, documents, notes, reviews} = file;
  context.retitle(item.case_number);
  known.clear();
  for (const entry of trail instanceof Error ? [] : trail.data) known.set(entry.id, entry);
  return [
    head(item),
    actions(context, item),
    el(
      "div",
      "case-parts",
      el(
        "div",
        "stack",
        panel("Case", fields(context, item)),
        panel("Documents", ...documentParts(context, item, documents.data)),
        panel("Notes", ...noteParts(context, item, notes.data)),
        reviews && panel("Reviews", ...reviewParts(reviews.data))
      ),
      panel("History", ...(trail instanceof Error ? [failure(trail)] : history(context, path, trail)))
    )
  ];
}

/**
 * Whether the log knows a case that is not there: those who may read the log see every case.
 * @param {Context} context @param {string} id
 */
async function wasDeleted({api, can}, id) {
  if (!can("read_audit_log")) return false;
  const query = {case_id: id, limit: 1};
  const found = await api.get("/api/v1/audit-log", {query}).catch(() => null);
  return Boolean(found?.data.length);
}

/** @param {{case_id: string}} path */
const deleted = path =>
  empty("This case was deleted.", "", el("p", {}, "Its entries are in the ", linkTo(href("log", path), "log"), "."));

/** @param {Case} item */
const head = item =>
  el(
    "p",
    "case-head",
    statusBadge(item.status),
    item.urgency !== "normal" && badge(item.urgency, label(item.urgency), "bad"),
    isOverdue(item) && badge("overdue", "Overdue", "bad"),
    item.has_member_updates && badge("updates", "Member updates", "info"),
    el("span", {}, `${item.employee_first_name} ${item.employee_last_name}`),
    quiet("due ", day(item.due_on))
  );

/** What is typed into the form that is open for a case, which is about to be read again. @param {string} id */
function typedNow(id) {
  const place = document.querySelector(`[data-case="${id}"]`);
  const form = place?.querySelector(/** @type {"form"} */ (".action-form form"));
  const action = place?.querySelector("[aria-expanded=true]")?.id.replace("action-", "");
  return form && action ? {id, action, values: valuesOf(form)} : null;
}

/**
 * The buttons of what the caller can do, and the form of the chosen one below them.
 * @param {Context} context @param {Case} item
 */
function actions(context, item) {
  const list = offered(item.allowed_actions);
  const place = el("div", "action-form");
  const buttons = list.map((action, at) =>
    pushButton(
      {
        id: `action-${action}`,
        class: action === "delete" ? "danger" : at === 0 && isNext(action) ? "primary" : null,
        "aria-expanded": "false",
        onclick: () => void open(action)
      },
      actionLabel(action)
    )
  );
  /** @param {string} name */
  const expand = name => {
    for (const button of buttons) button.setAttribute("aria-expanded", String(button.id === `action-${name}`));
  };
  const close = () => {
    const chosen = buttons.find(button => button.getAttribute("aria-expanded") === "true");
    place.replaceChildren();
    expand("");
    chosen?.focus();
  };

  /** @param {string} action */
  async function open(action, values = NOTHING) {
    expand(action);
    const again = el("p", {class: "again", hidden: true});
    /** @param {unknown} error @param {Record<string, string>} typed */
    const onproblem = (error, typed) => {
      if (!(error instanceof Problem) || (error.status !== 409 && error.status !== 412)) return;
      const reread = () => {
        draft = {id: item.id, action, values: typed};
        context.reload();
      };
      replace(
        again,
        "The case may have changed. ",
        pushButton({class: "small", onclick: reread}, "Reload the case"),
        " Your input is kept."
      );
      again.hidden = false;
    };
    const ondone = () => {
      close();
      if (action === "delete") location.hash = href("cases");
      else changed(context);
    };
    try {
      const form = await actionForm(context, {action, item, ondone, onproblem, oncancel: close});
      // Another one was opened meanwhile.
      if (!buttons.some(({id, ariaExpanded}) => id === `action-${action}` && ariaExpanded === "true")) return;
      for (const control of form.querySelectorAll(/** @type {"input"} */ ("[name]"))) {
        if (control.type === "checkbox") control.toggleAttribute("checked", values[control.name] === "true");
        else control.value = values[control.name] ?? control.value;
      }
      replace(place, el("h2", {}, actionLabel(action)), again, form);
      form.querySelector(/** @type {"input"} */ ("input:not([type=hidden]), select, textarea, button"))?.focus();
    } catch (error) {
      if (!context.signal.aborted) replace(place, failure(error));
    }
  }

  const kept = draft?.id === item.id ? draft : typedNow(item.id);
  draft = null;
  const again = list.find(action => action === kept?.action);
  if (again) setTimeout(() => void open(again, kept?.values));
  else if (kept) {
    const texts = Object.values(kept.values).filter(Boolean);
    replace(
      place,
      el("h2", {}, actionLabel(kept.action)),
      el("p", {}, "This action is no longer possible. You entered:"),
      ...texts.map(text => el("p", "prose", text))
    );
  }
  const blocked = item.blocked_actions.filter(({code}) => code !== "forbidden");
  return el(
    "section",
    {class: "panel", "aria-label": "Actions", "data-case": item.id},
    list.length ? el("div", "buttons", ...buttons) : el("p", "none", "There is nothing for you to do on this case now."),
    place,
    blocked.length > 0 &&
      el(
        "details",
        "blocked",
        el("summary", {}, "Not possible now"),
        el("dl", "facts", ...blocked.flatMap(({action, detail}) => [el("dt", {}, actionLabel(action)), el("dd", {}, detail)]))
      )
  );
}

/** @param {Context} context @param {Case} item */
function fields(context, item) {
  /** @param {string} name @param {Child} value */
  const why = (name, value) => {
    const about = el("span", "unseen", ` The entry that set it: ${label(name)}`);
    const link = el("a", {id: `why-${name}`, class: "why", href: context.link({entry: name})}, "Why?", about);
    return el("span", {}, value, " ", link);
  };
  /** @param {Schemas["PersonSummary"] | null} one */
  const someone = one => (one ? person(one.full_name, one.username) : null);
  /** @param {string | null} text */
  const long = text => text && el("span", "prose", text);
  const {hold, rejection, release, resubmission, review} = item;
  const assignee = someone(item.assigned_to) ?? "Unassigned";
  // Accepting it assigned it for the first time. Members see no assignments.
  const wasAssigned = item.accepted_at && context.can("work_on_cases");
  return facts([
    ["Status", why("status", label(item.status))],
    ["Tier", item.tier && why("tier", [label(item.tier), item.complexity && ` (${label(item.complexity).toLowerCase()})`])],
    ["Urgency", why("urgency", label(item.urgency))],
    ["Due", why("due_on", day(item.due_on))],
    ["Assignee", wasAssigned ? why("assigned_to_id", assignee) : assignee],
    ["Credit", why("credit_value", item.credit_value)],
    ["Reports requested", number(item.num_reports_requested)],
    ["Held because", hold && why("hold_reason", long(hold.reason))],
    ["Held since", hold?.held_at && time(hold.held_at)],
    ["Expected until", hold && (hold.expected_end_at ? time(hold.expected_end_at) : "not known")],
    ["Rejected because", rejection?.reason && why("rejection_reason", label(rejection.reason))],
    ["To be done", long(rejection?.notes ?? null)],
    ["Review", review?.status && why("review_status", label(review.status))],
    ["Notes of the review", long(review?.notes ?? null)],
    [
      "Released",
      release &&
        (release.released_at
          ? time(release.released_at)
          : release.scheduled_release_at && ["planned for ", time(release.scheduled_release_at)])
    ],
    [
      "Resubmitted",
      resubmission && resubmission.count > 0 && (resubmission.count === 1 ? "once" : `${number(resubmission.count)} times`)
    ],
    ["Member", someone(item.member)],
    ["Workshop", item.workshop_code],
    ["Client", item.client_email],
    ["Notes of the member", long(item.special_notes)],
    ["Internal notes", long(item.internal_notes)],
    ["Notes on the reports", long(item.report_notes_to_member)],
    [
      "Created",
      [time(item.created_at), item.created_by && item.created_by.id !== item.member?.id ? ` by ${item.created_by.full_name}` : ""]
    ],
    ["Submitted", item.submitted_at && time(item.submitted_at)],
    ["Completed", item.completed_at && time(item.completed_at)]
  ]);
}

/** @param {Context} context @param {{case_id: string}} path @param {Answered<Entry>} page */
function history(context, path, page) {
  /** @param {string} cursor */
  const more = async cursor => {
    const answer = await context.api.get("/api/v1/cases/{case_id}/audit-trail", {path, query: {cursor}});
    for (const entry of answer.data) known.set(entry.id, entry);
    return answer;
  };
  /** @param {Entry} entry */
  const item = entry => [
    svg(
      "svg",
      {class: "dot", width: 11, height: 11, "aria-hidden": "true"},
      svg("circle", {class: tone(entry.category), cx: 5.5, cy: 5.5, r: 5.5})
    ),
    el(
      "p",
      {},
      el("a", {id: `entry-${entry.id}`, href: context.link({entry: entry.id})}, entry.action_label),
      " ",
      outcome(entry)
    ),
    el("p", "quiet", time(entry.occurred_at), " · ", entry.actor ? entry.actor.full_name : label(entry.actor_label)),
    typeof entry.metadata.reason === "string" && el("p", "prose", entry.metadata.reason),
    fieldChanges(changeList(entry.changes))
  ];
  return page.data.length
    ? pagedList({label: "History, newest first", class: "timeline", page, more, item})
    : [empty("No entries")];
}
