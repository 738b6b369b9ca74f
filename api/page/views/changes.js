// Case changes: what was changed on cases, from what to what, by whom and why.

import {el, quiet} from "../dom.js";
import {label, number, pair, person} from "../format.js";
import {
  badge,
  cards,
  caseLink,
  chips,
  choices,
  entryLink,
  interval,
  intervalSelect,
  panel,
  reportQuery,
  reportToolbar,
  stamp
} from "../report.js";
import {barChart, buckets, rankedBars, sparkline} from "../charts.js";
import {pagedTable} from "../table.js";
import {fieldChanges} from "../changes.js";
import {personPicker} from "../people.js";

/** @typedef {Schemas["CaseChangesReport"]} Report */
/** @typedef {Schemas["CaseChangesFigures"]} Figures */
/** @typedef {Exclude<keyof Figures, "cases_touched">} Figure */
/** @typedef {Pick<Schemas["CaseChangesByActor"], "actor_id" | "actor_label" | "full_name"> & {count: number}} Actor */

export const title = "Case changes";
export const kind = "report";

/** @type {Parameter<"/api/v1/reports/case-changes">[]} */
const FILTERS = ["change_type", "case_id", "member_id", "workshop_code", "assigned_to", "actor_id", "sort"];

/** Each change type with its name and its figure. @type {readonly (readonly [string, string, Figure])[]} */
const TYPES = [
  ["status", "Status", "status_changes"],
  ["assignment", "Assignment", "reassignments"],
  ["details", "Details", "details_changes"],
  ["hold", "Holds", "holds"],
  ["resubmission", "Resubmission", "resubmissions"],
  ["tier", "Tier", "tier_changes"]
];
const TONES = new Map([
  ["hold", "warn"],
  ["resubmission", "good"],
  ["status", "info"]
]);

/** @param {Context} context */
export const toolbar = context =>
  reportToolbar(
    context,
    "/api/v1/reports/case-changes.csv",
    FILTERS,
    ...personPicker(context, {parameter: "actor_id", label: "Changed by"}),
    intervalSelect(context)
  );

/** @param {Context} context */
export async function render(context) {
  const types = context.query.getAll("change_type");
  const narrowed = types.length > 0 || context.query.has("actor_id");
  const query = {...reportQuery(context.query, FILTERS), include_total: true, limit: narrowed ? 200 : 40};
  /** @param {string} [cursor] */
  const read = cursor => context.api.get("/api/v1/reports/case-changes", {query: {...query, cursor}});
  const report = await read();
  const first = types.length === 1 ? TYPES.find(([code]) => code === types[0]) : undefined;
  const figure = first?.[2] ?? "total_changes";
  return [
    stamp(context, report),
    chips(context, chosen(context, report)),
    figures(context, report),
    narrowed && reasons(context, report, figure),
    barChart({
      title: first ? `Changes: ${first[1]}` : "Changes by type",
      points: types.length ? report.timeseries.filter(point => types.includes(point.series)) : report.timeseries,
      series: TYPES.map(([code, name]) => [code, name]),
      interval: interval(context.query),
      grouped: types.length !== 1
    }),
    subjects(context, report, figure, first?.[1] ?? "Changes"),
    list(context, report, async cursor => (await read(cursor)).entries)
  ];
}

/** @param {Context} context @param {Report} report @returns {[string, string, Child][]} */
function chosen({query}, report) {
  /** @param {readonly {user_id: string | null, username: string | null}[]} people @param {string} parameter */
  const name = (people, parameter) => people.find(one => one.user_id === query.get(parameter))?.username ?? query.get(parameter);
  const entry = report.entries.data[0];
  return [
    ["actor_id", "Changed by", entry?.actor_id === query.get("actor_id") ? entry?.actor_label : query.get("actor_id")],
    ["case_id", "Case", entry?.case_number ?? query.get("case_id")],
    ["member_id", "Member", name(report.by_member, "member_id")],
    ["assigned_to", "Assignee", name(report.by_assignee, "assigned_to")],
    ["workshop_code", "Workshop", query.get("workshop_code")]
  ];
}

/** @param {Context} context @param {Report} report */
function figures(context, {summary, timeseries}) {
  const all = buckets(timeseries);
  const types = context.query.getAll("change_type");
  return cards([
    {
      label: "Changes",
      wide: true,
      value: summary.total_changes,
      note: `Cases: ${number(summary.cases_touched)}`,
      href: context.link({change_type: null})
    },
    ...TYPES.map(([code, name, figure]) => ({
      id: `card-${code}`,
      label: name,
      value: summary[figure],
      href: context.link({change_type: types.includes(code) ? null : code}),
      current: types.includes(code),
      spark: sparkline(
        all.map(bucket => bucket.values.get(code) ?? 0),
        name,
        code
      )
    }))
  ]);
}

/**
 * Who made the changes of the chosen type, and the reasons that they gave, which are counted from the entries that were read.
 * @param {Context} context
 * @param {Report} report
 * @param {Figure} figure
 */
function reasons(context, report, figure) {
  const {data, page} = report.entries;
  const types = context.query.getAll("change_type");
  const held = types.includes("hold") && report.summary.placed_on_hold > 0;
  const shown = held ? data.filter(entry => entry.action_type === "case_held") : data;
  const ends = context.query.get("sort") === "occurred_at" ? "earliest" : "latest";
  const note = page.has_more && quiet(`Of the ${number(data.length)} ${ends} changes`);
  // Some changes are of two types, so figures of several types have no sum.
  const exact = (held || types.length < 2) && report.by_actor;
  /** @type {readonly Actor[]} */
  const people = exact ? exact.map(row => ({...row, count: row[held ? "placed_on_hold" : figure]})) : actors(shown);
  /** @type {Map<string, number>} */
  const why = new Map();
  for (const {before_after: changes} of shown) {
    const reason = changes.find(one => one.field === "hold_reason")?.to;
    if (reason) why.set(reason, (why.get(reason) ?? 0) + 1);
  }
  const actor = context.query.get("actor_id");
  const ofReasons = [...why].sort((a, b) => b[1] - a[1]);
  return el(
    "div",
    "columns",
    rankedBars({
      title: held ? "Who placed cases on hold" : "Who made these changes",
      counted: held ? "Holds" : "Changes",
      note: !exact && note,
      rows: people
        .filter(row => row.count)
        .sort((a, b) => b.count - a.count)
        .slice(0, 12)
        .map(({actor_id: id, actor_label, full_name, count}) => ({
          name: person(full_name, actor_label),
          count,
          tone: "hold",
          href: id ? context.link({actor_id: actor === id ? null : id}) : "",
          current: actor === id
        }))
    }),
    ofReasons.length > 0 &&
      rankedBars({
        title: "Why: the reasons given",
        first: "Reason",
        counted: "Holds",
        note,
        rows: ofReasons.slice(0, 12).map(([name, count]) => ({name, count, tone: "hold"}))
      })
  );
}

/** Who made some changes, counted from their entries. @param {Report["entries"]["data"]} entries */
function actors(entries) {
  /** @type {Map<string, Actor>} */
  const all = new Map();
  for (const {actor_id, actor_label, actor_full_name: full_name} of entries) {
    const count = (all.get(actor_label)?.count ?? 0) + 1;
    all.set(actor_label, {actor_id, actor_label, full_name, count});
  }
  return [...all.values()];
}

/** @param {Context} context @param {Report} report @param {(cursor: string) => Promise<Report["entries"]>} more */
const list = (context, {entries}, more) =>
  panel(
    "Changes, one by one",
    choices(context, "change_type", "Type of change", [["", "All"], ...TYPES.map(([code, name]) => pair(code, name))], true),
    pagedTable({
      label: "Changes",
      context,
      sort: "-occurred_at",
      page: entries,
      more,
      columns: [
        {label: "Time", sort: "occurred_at", cell: entryLink},
        {label: "Case", cell: caseLink},
        {label: "By", cell: row => person(row.actor_full_name, row.actor_label)},
        {label: "Type", cell: row => badge(row.badge, label(row.badge), TONES.get(row.badge) ?? "")},
        {label: "What", class: "text", cell: row => [row.action_label, fieldChanges(row.before_after)]}
      ]
    })
  );

/** @param {Context} context @param {Report} report @param {keyof Figures} figure @param {string} counted */
function subjects(context, report, figure, counted) {
  /**
   * @param {string} title
   * @param {string} parameter
   * @param {readonly ({name: Child, id: string | null} & Figures)[]} rows
   * @param {number} total
   */
  const ranked = (title, parameter, rows, total) =>
    rankedBars({
      title,
      counted,
      columns: ["Cases"],
      note: total > 10 && quiet(`10 of ${number(total)}`),
      rows: [...rows]
        .sort((a, b) => b[figure] - a[figure])
        .slice(0, 10)
        .map(row => ({
          name: row.name,
          count: row[figure],
          href: row.id ? context.link({[parameter]: row.id}) : "",
          more: [number(row.cases_touched)]
        }))
    });
  /** @param {Report["by_member"]} rows */
  const people = rows =>
    rows.map(row => ({...row, id: row.user_id, name: row.username ? person(row.full_name, row.username) : "Unassigned"}));
  return el(
    "div",
    "columns",
    ranked("By assignee of the case", "assigned_to", people(report.by_assignee), report.assignees_total),
    ranked("By member", "member_id", people(report.by_member), report.members_total),
    ranked(
      "By workshop",
      "workshop_code",
      report.by_workshop.map(row => ({...row, id: row.workshop_code, name: row.workshop_code})),
      report.workshops_total
    )
  );
}
