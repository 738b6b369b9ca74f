// What can be done to a case: for each action its words, the call it makes, and the fields of its form, which the call names.
//
//   offered(item.allowed_actions)                                        the actions that this page has a form for
//   actionForm(context, {action, item, ondone, onproblem, oncancel})
//   newCaseForm(context)

import {el} from "./dom.js";
import {label, named, number, pair, timeZone} from "./format.js";
import {field, problemForm} from "./forms.js";
import {personPicker} from "./people.js";
import {href} from "./route.js";

/** @typedef {Schemas["CaseDetail"]} Case */
/** @typedef {Record<string, string>} Texts */
/** @typedef {{path: {case_id: string}, etag: string, key: string}} At */
/** @typedef {{context: Context, item: Case, people: readonly Schemas["CaseAssignee"][]}} Given */
/** @typedef {{names: readonly string[], send: (api: Api, at: At, values: Texts, item: Case) => Promise<unknown>}} Call */

const CHECKS = ["confirm_rush", "docs_verified", "override_incomplete", "submit"];
const CHOICES = ["assigned_to", "due_on", "member_id", "release"];
const NUMBERS = ["hold_duration_days", "num_reports_requested"];
const CREDITS = ["0.5", "1.0", "1.5", "2.0", "2.5", "3.0"];
const REASONS = "incomplete_fff missing_documents insufficient_data invalid_credit_request tier_mismatch other".split(" ");

/**
 * The request body with the values of a form. An empty text is null where that is possible. @param {readonly string[]} names
 * @param {Texts} values
 */
function bodyOf(names, values) {
  const given = names.filter(name => name in values || CHECKS.includes(name));
  return Object.fromEntries(
    given.map(name => {
      const value = values[name] ?? "";
      if (CHECKS.includes(name)) return [name, value === "true"];
      if (NUMBERS.includes(name)) return [name, value ? Number(value) : null];
      if (name === "release_at") return [name, instant(value)];
      return [name, value || (CHOICES.includes(name) ? null : "")];
    })
  );
}

/** The instant of a time in the service's zone. @param {string} local such as 2026-12-01T09:00 */
function instant(local) {
  if (!local) return null;
  const clock = new Intl.DateTimeFormat("sv-SE", {timeZone: timeZone(), dateStyle: "short", timeStyle: "medium"});
  /** @param {number} at */
  const offset = at => Date.parse(`${clock.format(at).replace(" ", "T")}Z`) - at;
  const guess = Date.parse(`${local}Z`);
  return new Date(guess - offset(guess - offset(guess))).toISOString();
}

/** The paths of what can be done to a case. @typedef {PathWith<"post"> & `/api/v1/cases/{case_id}/${string}`} CasePath */
/** Such as `review/approve`. @typedef {CasePath extends `/api/v1/cases/{case_id}/${infer N}` ? N : never} CaseCall */
/** @template {CaseCall} N @typedef {RequestBody<Operation<Extract<CasePath, `/api/v1/cases/{case_id}/${N}`>, "post">>} Body */

/**
 * A call whose body has these fields.
 * @template {CaseCall} N
 * @param {N} name @param {...keyof NonNullable<Body<N>> & string} names @returns {Call}
 */
const post = (name, ...names) => ({
  names,
  send: (api, at, values) => {
    /** @type {CasePath} */
    const path = `/api/v1/cases/{case_id}/${name}`;
    const body = names.length ? bodyOf(names, values) : undefined;
    return api.post(path, {...at, body});
  }
});

const approve = post("review/approve", "notes", "release", "release_at");
const correct = post("review/correct", "notes", "release", "release_at");
const revise = post("review/request-revisions", "notes");
/** @type {Record<string, Call>} */
const DECISIONS = {revise, correct};
/** @type {Call} */
const review = {
  names: ["decision", ...approve.names],
  send: (api, at, values, item) => (DECISIONS[values.decision ?? ""] ?? approve).send(api, at, values, item)
};
/** @type {Call} */
const changeHold = {
  names: ["reason", "hold_duration_days"],
  send: (api, at, values) => api.patch("/api/v1/cases/{case_id}/hold", {...at, body: bodyOf(changeHold.names, values)})
};
/** @type {Call} */
const edit = {
  names: [],
  send: (api, at, values, item) => api.patch("/api/v1/cases/{case_id}", {...at, body: edited(values, item)})
};
/** @type {Call} */
const remove = {names: ["reason"], send: (api, at, {reason}) => api.remove("/api/v1/cases/{case_id}", {...at, query: {reason}})};

/** What differs from the case. @param {Texts} values @param {Case} item @returns {Schemas["EditCase"]} */
function edited(values, item) {
  // A text field has other line breaks.
  const before = new Map(Object.entries(item).map(([name, value]) => [name, String(value ?? "").replaceAll("\r\n", "\n")]));
  const names = Object.keys(values).filter(name => values[name] !== (before.get(name) ?? ""));
  return bodyOf(names, values);
}

/**
 * The usual next steps first. What was done is a sentence, or ends "The case was".
 * @type {Record<string, readonly [words: string, done: string, call: Call]>}
 */
const ACTIONS = {
  submit: ["Submit", "submitted", post("submit", "confirm_rush")],
  accept: [
    "Accept",
    "accepted",
    post("accept", "tier", "credit_value", "assigned_to", "docs_verified", "notes", "override_reason")
  ],
  take: ["Take", "The case is assigned to you.", post("take", "reason")],
  complete: ["Complete", "completed", post("complete", "release", "release_at", "override_incomplete")],
  review: ["Review", "The decision was recorded.", review],
  resume: ["Resume", "resumed", post("resume", "reason")],
  release: ["Release now", "The result was released to the member.", post("release", "reason")],
  resubmit: ["Resubmit", "resubmitted", post("resubmit", "notes")],
  reject: ["Reject", "rejected", post("reject", "rejection_reason", "rejection_notes")],
  hold: ["Place on hold", "placed on hold", post("hold", "reason", "hold_duration_days")],
  change_hold: ["Change the hold", "The hold was changed.", changeHold],
  assign: ["Assign", "assigned", post("assign", "assigned_to", "reason", "override_reason")],
  edit: ["Edit", "changed", edit],
  tier: ["Change the tier", "The tier was changed.", post("tier", "tier", "reason", "override_reason")],
  credit: ["Change the credit", "The credit was changed.", post("credit", "credit_value", "reason")],
  reopen: ["Reopen", "reopened", post("reopen", "reason")],
  acknowledge_updates: ["Acknowledge updates", "The updates were acknowledged.", post("acknowledge-updates")],
  change_member: ["Hand over", "handed over", post("member", "member_id", "reason")],
  delete: ["Delete", "deleted", remove]
};
const NAMES = Object.keys(ACTIONS);
const FIRST = NAMES.slice(0, NAMES.indexOf("reject"));

/** The actions with a form, in the order of their buttons. @param {readonly string[]} allowed */
export const offered = allowed => NAMES.filter(name => allowed.includes(name));
/** Whether an action is the usual next step. @param {string | undefined} name */
export const isNext = name => name !== undefined && FIRST.includes(name);
/** @param {string} name */
export const actionLabel = name => (Object.hasOwn(ACTIONS, name) && ACTIONS[name]?.[0]) || label(name);

/** The fields that are the same for every case and action. @type {Record<string, Omit<Field, "name">>} */
const FIELDS = {
  rejection_notes: {label: "What the member has to do", required: true, multiline: true},
  rejection_reason: {label: "Reason", options: named(REASONS)},
  decision: {
    label: "Decision",
    options: [
      ["approve", "Approve"],
      ["revise", "Request revisions"],
      ["correct", "Complete with my corrections"]
    ]
  },
  release: {
    label: "Show the result to the member",
    options: [
      ["", "After the default delay"],
      ["now", "Now"],
      ["scheduled", "At a scheduled time"]
    ]
  },
  confirm_rush: {label: "Agree to the fee if the due date makes it a rush", type: "checkbox"},
  submit: {label: "Submit it at once", type: "checkbox"},
  docs_verified: {label: "The documents were checked", type: "checkbox"},
  override_incomplete: {label: "Complete it even if requested reports are missing", type: "checkbox"}
};

/** The field of a form. @param {string} name @param {string} action @param {Given} given @returns {Child} */
function fieldOf(name, action, {context, item, people}) {
  const known = FIELDS[name];
  const hold = action === "change_hold" ? item.hold : null;
  const multiline = true;
  switch (name) {
    case "reason": {
      const optional = action === "take" || action === "release" || (action === "delete" && item.status === "draft");
      const hint = action.endsWith("hold") ? "The member can read it." : "";
      return field({name, multiline, label: "Reason", required: !optional, value: hold?.reason ?? "", hint});
    }
    case "notes":
      return field({name, multiline, label: action === "resubmit" ? "What is new" : "Notes"});
    case "tier":
      return field({name, label: "Tier", value: item.tier, options: named(["tier_1", "tier_2", "tier_3"])});
    case "credit_value":
      return field({name, label: "Credit", value: item.credit_value, options: named(CREDITS)});
    case "hold_duration_days": {
      const label = "Expected length in days";
      return field({
        name,
        label,
        type: "number",
        value: hold?.duration_days ?? null,
        hint: "Leave empty if unknown",
        more: {step: "any"}
      });
    }
    case "assigned_to": {
      const none = action === "assign" ? "Unassigned" : context.account?.role === "technician" ? "Me" : "Choose";
      const choice = people.map(({id, full_name: who, user_level: level, role, open_cases: open}) =>
        pair(id, `${who} (${label(level ?? role)}, ${number(open)} open)`)
      );
      return field({name, label: "Assignee", value: item.assigned_to?.id ?? "", options: [["", none], ...choice]});
    }
    case "override_reason": {
      const hint = "Only if the level is too low for the tier";
      return context.can("override_level_rule") && field({name, label: "Reason to override the level rule", hint});
    }
    case "release_at":
      return field({
        name,
        label: "Time of the release",
        type: "datetime-local",
        hint: `Only for "At a scheduled time"; in ${timeZone()}`
      });
    default:
      return known ? field({name, ...known}) : memberField(context);
  }
}

/** The fields of a new case, or of one that is edited. @param {Case | null} item @param {boolean} isStaff @returns {Child[]} */
const caseFields = (item, isStaff) => [
  el(
    "div",
    "field-row",
    field({name: "employee_first_name", label: "Employee's first name", value: item?.employee_first_name, required: true}),
    field({name: "employee_last_name", label: "Employee's last name", value: item?.employee_last_name, required: true}),
    field({name: "client_email", label: "Client's email address", value: item?.client_email, type: "email"}),
    field({name: "num_reports_requested", label: "Reports requested", value: item?.num_reports_requested ?? 1, type: "number"}),
    field({name: "due_on", label: "Due", value: item?.due_on, type: "date", hint: item ? "" : "Leave empty for the default"}),
    field({name: "urgency", label: "Urgency", value: item?.urgency, options: named(["normal", "rush"])})
  ),
  field({name: "special_notes", label: "Notes of the member", value: item?.special_notes, multiline: true}),
  item && isStaff && field({name: "internal_notes", label: "Internal notes", value: item.internal_notes, multiline: true}),
  item &&
    isStaff &&
    field({
      name: "report_notes_to_member",
      label: "Notes on the reports, for the member",
      value: item.report_notes_to_member,
      multiline: true
    }),
  item && field({name: "reason", label: "Reason for the edit"})
];

/** The form of a new case. @param {Context} context */
export function newCaseForm(context) {
  const owns = context.account?.role === "member";
  /** @param {Texts} values @param {HTMLFormElement} _ @param {string} key */
  const onsend = async (values, _, key) => {
    const names = [...Object.keys(values), ...(owns ? ["submit", "confirm_rush"] : [])];
    const body = /** @type {Schemas["CreateCase"]} */ (bodyOf(names, values));
    const item = await context.api.post("/api/v1/cases", {body, key});
    context.tell(`Case ${item.case_number} was created.`);
    location.hash = href(["case", item.id]);
  };
  return problemForm(
    {label: "New case", submit: "Create the case", onsend},
    !owns && memberField(context),
    ...caseFields(null, false),
    owns && ["submit", "confirm_rush"].map(name => field({name, label: name, ...FIELDS[name]}))
  );
}

/** Chooses a member, and shows the choice. @param {Context} context */
function memberField(context) {
  const value = el("input", {type: "hidden", name: "member_id"});
  const words = el("p", "hint", "No person chosen.");
  /** @param {Schemas["UserSummary"]} user */
  const onchoose = user => {
    value.value = user.id;
    words.textContent = `Chosen: ${user.full_name} (${user.username})`;
  };
  const picker = personPicker(context, {parameter: "member_id", label: "Member", role: ["member"], onchoose});
  return el("div", {class: "field", "data-name": "member_id"}, ...picker, words, value, el("div", "field-problem"));
}

/**
 * @param {Context} context
 * @param {{action: string, item: Case, ondone: () => void, oncancel: () => void,
 *   onproblem: (error: unknown, values: Texts) => void}} options
 */
export async function actionForm(context, {action, item, ondone, onproblem, oncancel}) {
  const [words = "", done = "", call = edit] = ACTIONS[action] ?? [];
  const path = {case_id: item.id};
  const answer =
    call.names.includes("assigned_to") &&
    (await context.api.get("/api/v1/cases/{case_id}/assignees", {path, query: {limit: 200}}));
  const given = {context, item, people: answer ? answer.data : []};
  /** @param {Texts} values @param {HTMLFormElement} _ @param {string} key */
  const onsend = async (values, _, key) => {
    try {
      await call.send(context.api, {path, etag: `"${item.version}"`, key}, values, item);
    } catch (error) {
      onproblem(error, values);
      throw error;
    }
    context.tell(/^[A-Z]/.test(done) ? done : `The case was ${done}.`);
    ondone();
  };
  const fields =
    call === edit ? caseFields(item, context.can("work_on_cases")) : call.names.map(name => fieldOf(name, action, given));
  return problemForm({label: words, submit: words, danger: action === "delete", oncancel, onsend}, ...fields);
}
