// The cases that the caller sees: by status with counts, searched, filtered and sorted. Everything chosen stands in the address.

import {el} from "../dom.js";
import {day, dayOf, label, named, number, shortDay} from "../format.js";
import {badge, chips, filters} from "../report.js";
import {pagedTable} from "../table.js";
import {filterForm, searchField, select} from "../forms.js";
import {newCaseForm} from "../actions.js";
import {href} from "../route.js";
import {isOverdue, statusBadge} from "./case.js";

export const title = "Cases";
export const kind = "list";

const STATUSES = "draft submitted accepted hold pending_review needs_resubmission resubmitted completed".split(" ");
const FILTERS = (
  "tier urgency assigned_to unassigned member_id workshop_code has_member_updates is_overdue is_on_hold " +
  "due_before due_after updated_since since until q"
).split(" ");
/** The filters that only links from elsewhere set. @type {readonly (readonly [string, string])[]} */
const LINKED = [
  ["member_id", "Member"],
  ["workshop_code", "Workshop"],
  ["is_on_hold", "On hold"],
  ["due_before", "Due before"],
  ["due_after", "Due after"],
  ["updated_since", "Changed since"],
  ["since", "Created from"],
  ["until", "Created until"]
];

/** The columns that members do not see. @type {Column<Schemas["CaseSummary"]>[]} */
const STAFF = [
  {label: "Tier", sort: "tier", class: "time", cell: row => label(row.tier)},
  {label: "Member", sort: "member", cell: row => row.member?.full_name ?? "–"}
];

/** @param {Context} context */
export function toolbar(context) {
  const {query, go, account, can} = context;
  const isStaff = can("work_on_cases");
  /** @param {Event} event */
  const change = ({target}) => {
    if (target instanceof HTMLSelectElement) go({[target.name]: target.value});
    if (target instanceof HTMLInputElement)
      go({[target.name]: target.type !== "checkbox" || target.checked ? target.value.trim() : null});
  };
  /** @param {string} name @param {string} text @param {readonly string[]} codes */
  const choice = (name, text, codes) =>
    el("label", "inline", text, select({id: `f-${name}`, name}, [["", "Any"], ...named(codes)], query.get(name)));
  /** @param {string} name @param {string} text @param {string} [value] */
  const check = (name, text, value = "true") =>
    el(
      "label",
      "inline",
      el("input", {id: `f-${name}`, type: "checkbox", name, value, checked: query.get(name) === value}),
      text
    );
  return [
    filterForm(
      "tools",
      change,
      searchField(context, "Search numbers, names, email addresses"),
      choice("urgency", "Urgency", ["normal", "rush"]),
      isStaff && choice("tier", "Tier", ["tier_1", "tier_2", "tier_3"]),
      check("is_overdue", "Overdue"),
      isStaff && check("assigned_to", "Assigned to me", account?.id),
      isStaff && check("unassigned", "Unassigned"),
      isStaff && check("has_member_updates", "Has member updates")
    )
  ];
}

/** @param {Context} context */
export async function render(context) {
  const {query, api, can} = context;
  const narrowed = filters(query, FILTERS);
  const all = {...narrowed, include_total: true, ...filters(query, ["status", "sort"])};
  /** @param {string} [cursor] */
  const read = cursor => api.get("/api/v1/cases", {query: {...all, cursor}});
  const [counts, page] = await Promise.all([api.get("/api/v1/cases/counts", {query: {...narrowed, by: "status"}}), read()]);
  const isStaff = can("work_on_cases");
  const chosen = query.getAll("status");
  /** @param {string} code @param {string} text @param {number} count */
  const tab = (code, text, count) =>
    el(
      "a",
      {
        id: `tab-${code || "all"}`,
        class: "choice",
        href: context.link({status: code || null}),
        "aria-current": (code ? chosen.includes(code) : !chosen.length) && "true"
      },
      text,
      el("span", "tally", number(count))
    );
  const codes = [...STATUSES, ...counts.data.flatMap(({key}) => (key && !STATUSES.includes(key) ? [key] : []))];
  return [
    el(
      "nav",
      {class: "choices", "aria-label": "Status"},
      tab("", "All", counts.total_cases),
      ...codes.map(code => tab(code, label(code), counts.data.find(({key}) => key === code)?.count ?? 0))
    ),
    chips(
      context,
      LINKED.map(([name, text]) => [name, text, query.get(name)])
    ),
    can("hand_in_cases") && el("details", "panel add", el("summary", {id: "new-case"}, "New case"), newCaseForm(context)),
    el(
      "section",
      "panel",
      pagedTable({
        label: "Cases",
        context,
        sort: "-created_at",
        none: query.has("q") ? `No case matches "${query.get("q")}"` : "No cases here",
        page,
        more: read,
        columns: [
          {
            label: "Case",
            sort: "case_number",
            cell: row => el("a", {class: "time", href: href(["case", row.id])}, row.case_number)
          },
          {label: "Employee", sort: "employee_last_name", cell: row => `${row.employee_first_name} ${row.employee_last_name}`},
          {
            label: "Status",
            sort: "status",
            cell: row =>
              [statusBadge(row.status), row.has_member_updates && isStaff && [" ", badge("updates", "Updated", "info")]].flat()
          },
          {
            label: "Due",
            sort: "due_on",
            class: "time",
            cell: row =>
              [
                el("span", {title: day(row.due_on)}, shortDay(row.due_on)),
                isOverdue(row) && [" ", badge("overdue", "Overdue", "bad")]
              ].flat()
          },
          {
            label: "Urgency",
            sort: "urgency",
            cell: row => (row.urgency === "normal" ? "Normal" : badge(row.urgency, label(row.urgency), "bad"))
          },
          ...(isStaff ? STAFF : []),
          {label: "Assignee", sort: "assigned_to", cell: row => row.assigned_to?.full_name ?? "–"},
          {
            label: "Changed",
            sort: "updated_at",
            class: "time",
            cell: row => el("time", {datetime: row.updated_at, title: row.updated_at}, shortDay(dayOf(row.updated_at)))
          }
        ]
      })
    )
  ];
}
