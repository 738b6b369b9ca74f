// The audit log: every filter of the contract, the entries newest first, and an export of exactly what is shown.

import {append, el, pushButton, quiet} from "../dom.js";
import {category, label, named, number, pair, person, time, timeZone} from "../format.js";
import {choices, filters} from "../report.js";
import {pagedTable} from "../table.js";
import {listPeriod, periodPicker} from "../period.js";
import {downloadButton} from "../download.js";
import {filterForm, searchField, select} from "../forms.js";
import {namesOf, personPicker} from "../people.js";
import {href} from "../route.js";
import {failure, failureText} from "../states.js";
import {Problem} from "../api.js";
import {outcome, readEntry} from "../entry.js";
import {showEntry} from "../drawer.js";
import {visit, visitToolbar} from "../visit.js";

export const title = "Log";
export const kind = "list";

const CATEGORIES = "case document note review session user access system other".split(" ");
const SOURCES = ["endpoint", "automatic", "service", "job"];
/** @typedef {Parameter<"/api/v1/audit-log">} Filter */
/** @type {readonly (readonly [name: Filter, title: string, example: string])[]} */
const TEXTS = [
  ["case_number", "Case number", "WS001-2026-11-0042"],
  ["ip_address", "Address or network", "192.0.2.0/24"],
  ["request_id", "Request id", ""],
  ["case_id", "Case id", ""],
  ["api_key_id", "API key id", ""],
  ["changed_field", "Changed field", "status"],
  ["changed_from", "Changed from", "accepted"],
  ["changed_to", "Changed to", "hold"]
];
/** @type {readonly (readonly [name: Filter, title: string])[]} */
const PEOPLE = [
  ["actor_id", "By"],
  ["related_user_id", "Related user"],
  ["exclude_actor_id", "Exclude actor"]
];
/** @type {readonly string[]} */
const LISTS = ["action_type", "category", "outcome", "source", "exclude_actor_id"];
const ALL = ["q", ...LISTS, ...TEXTS.map(([name]) => name), "actor_id", "related_user_id"];
/** The filters that stand below "More filters". */
const MORE = ALL.filter(name => name !== "q" && name !== "outcome" && name !== "category");
let opened = false;

/** The parameters of the list and of its export. @param {URLSearchParams} query */
const filter = query => ({...filters(query, ALL), ...listPeriod(query, "all")});

/** @param {Context} context */
export const toolbar = context => visitToolbar(context, controls);

/** @param {Context} context */
function controls(context) {
  const {query, go} = context;
  /** @param {string} name @param {Value} value */
  const several = (name, value) => go({[name]: [...query.getAll(name), String(value)]});
  /** @param {Event} event */
  const set = ({target}) => {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLSelectElement) || !target.name) return;
    if (LISTS.includes(target.name)) several(target.name, target.value);
    else go({[target.name]: target.value.trim()});
  };
  /** @param {string} name @param {string} text @param {readonly string[]} codes */
  const choice = (name, text, codes) =>
    el("label", "filter", text, select({id: `f-${name}`, name}, [["", "Any"], ...named(codes)]));
  const people = PEOPLE.map(([name, text]) => {
    /** @type {Context["go"]} */
    const add = values => several(name, values[name]);
    const chosen = name === "exclude_actor_id" ? {...context, go: add} : context;
    return el("div", "filter", personPicker(chosen, {parameter: name, label: text}));
  });
  const texts = TEXTS.map(([name, text, placeholder]) => {
    const list = name === "changed_field" ? "fields" : null;
    return el(
      "label",
      "filter",
      text,
      el("input", {id: `f-${name}`, name, value: query.get(name), placeholder, list, autocomplete: "off"})
    );
  });
  const actions = choice("action_type", "Action", []);
  const fields = el("datalist", {id: "fields"});
  const count = MORE.filter(name => query.has(name)).length;
  const exported = filter(query);
  /** @param {Event} event */
  const open = async event => {
    opened = event.target instanceof HTMLDetailsElement && event.target.open;
    const list = actions.querySelector("select");
    if (!opened || !list || list.options.length > 1) return;
    try {
      const {data: types} = await context.api.get("/api/v1/audit-action-types");
      const {data: known} = await context.api.get("/api/v1/audited-fields");
      append(list, ...types.map(type => el("option", {value: type.code}, `${type.label} (${number(type.count)})`)));
      append(fields, ...known.map(field => el("option", {value: field.name}, field.label)));
    } catch (error) {
      if (!context.signal.aborted) context.tell(failureText(error));
    }
  };
  return [
    periodPicker(context, {byDefault: "all"}),
    filterForm(
      "filters",
      set,
      el(
        "div",
        "tools",
        searchField(context, "Search descriptions, people, cases"),
        choices(context, "outcome", "Outcome", [["", "All"], ...named(["success", "failure", "denied"])], true),
        downloadButton(context, {id: "csv", text: "Export CSV", path: "/api/v1/audit-log/export.csv", query: exported}),
        downloadButton(context, {id: "ndjson", text: "Export NDJSON", path: "/api/v1/audit-log/export.ndjson", query: exported})
      ),
      choices(
        context,
        "category",
        "Category",
        [["", "All categories"], ...CATEGORIES.map(code => pair(code, category(code)))],
        true
      ),
      el(
        "details",
        {class: "more-filters", open: opened, ontoggle: open},
        el("summary", {id: "more-filters"}, "More filters", count > 0 && quiet(` (${count} set)`)),
        el("div", "filter-grid", actions, choice("source", "Source", SOURCES), ...people, ...texts),
        fields
      )
    )
  ];
}

/** @param {Context} context */
export function render(context) {
  void showEntry(context, id => readEntry(context, id));
  return visit(context, list);
}

/** @param {Context} context */
async function list(context) {
  const query = {include_total: true, ...filter(context.query), sort: context.query.get("sort")};
  /** @param {string} [cursor] */
  const read = cursor => context.api.get("/api/v1/audit-log", {query: {...query, cursor}});
  const page = await read().catch(error => {
    if (error instanceof Problem && error.code === "period_required") return error;
    throw error;
  });
  if (page instanceof Problem) {
    const last = el(
      "a",
      {class: "button", href: context.link({period: "last_30_days", since: null, until: null})},
      "Last 30 days"
    );
    return [failure(page), el("p", {}, last)];
  }
  return [
    await set(context),
    el(
      "p",
      "stamp",
      el("span", {}, `Times in ${timeZone()}`),
      pushButton({id: "refresh", class: "plain", onclick: context.reload}, "Refresh")
    ),
    el(
      "section",
      "panel",
      pagedTable({
        label: "Entries of the log",
        context,
        sort: "-occurred_at",
        none: "No entry matches these filters",
        page,
        more: read,
        columns: [
          {
            label: "Time",
            sort: "occurred_at",
            cell: row => el("a", {id: `entry-${row.id}`, href: context.link({entry: row.id})}, time(row.occurred_at))
          },
          {label: "Action", cell: row => [row.action_label, " ", outcome(row)]},
          {label: "By", cell: row => (row.actor ? person(row.actor.full_name, row.actor.username) : label(row.actor_label))},
          {label: "Description", class: "text", cell: row => row.description},
          {
            label: "Case",
            cell: row => row.case && el("a", {class: "time", href: href(["case", row.case.id])}, row.case.case_number)
          },
          {label: "Address", class: "time", cell: row => row.ip_address}
        ]
      })
    )
  ];
}

/** The filters that are set below "More filters", each with a link that removes it. @param {Context} context */
async function set(context) {
  const {query, link} = context;
  const titles = new Map([...PEOPLE, ...TEXTS.map(([name, text]) => pair(name, text))]);
  const all = MORE.flatMap(name => query.getAll(name).map(value => ({name, value})));
  if (!all.length) return null;
  const names = await namesOf(
    context,
    PEOPLE.flatMap(([name]) => query.getAll(name))
  );
  return el(
    "p",
    "chips",
    ...all.map(({name, value}) => {
      const text = titles.get(name) ?? label(name);
      const shown = names.get(value) ?? (LISTS.includes(name) || name === "changed_field" ? label(value) : value);
      const rest = query.getAll(name).filter(one => one !== value);
      const remove = el("a", {href: link({[name]: rest}), "aria-label": `Remove the filter ${text} ${shown}`}, "✕");
      return el("span", "badge info", `${text}: ${shown} `, remove);
    }),
    el("a", {class: "clear", href: link(Object.fromEntries(ALL.map(name => [name, null])))}, "Clear all filters")
  );
}
