// System events: whether jobs, credit resets, exports and emails worked, and who read the log and the reports.

import {el, linkTo} from "../dom.js";
import {label, number, pair, percent, time} from "../format.js";
import {badge, cards, choices, entryLink, interval, intervalSelect, panel, reportQuery, reportToolbar, stamp} from "../report.js";
import {barChart, rankedBars} from "../charts.js";
import {counts, pagedTable, table, times} from "../table.js";
import {href} from "../route.js";

/** @typedef {Schemas["SystemEventsReport"]} Report */

export const title = "System";
export const kind = "report";

/** @type {Parameter<"/api/v1/reports/system-events">[]} */
const FILTERS = ["event_type", "outcome", "sort"];
const SHOWN = 12;
const DAY = "in the last 24 hours";

/** @param {Context} context */
export const toolbar = context => reportToolbar(context, "/api/v1/reports/system-events.csv", FILTERS, intervalSelect(context));

/** @param {string} code */
const outcome = code => badge(code, label(code), code === "success" ? "good" : "bad");

/** @param {Context} context */
export async function render(context) {
  const query = {...reportQuery(context.query, FILTERS), include_total: true};
  /** @param {string} [cursor] */
  const read = cursor => context.api.get("/api/v1/reports/system-events", {query: {...query, cursor}});
  const report = await read();
  return [
    stamp(context, report),
    figures(context, report),
    barChart({
      title: "Events by kind",
      points: report.timeseries,
      series: report.by_event_type.map(row => [row.event_type, row.label]),
      interval: interval(context.query)
    }),
    jobs(report),
    el("div", "columns", kinds(context, report), access(report)),
    panel(
      "Events, one by one",
      choices(context, "outcome", "Outcome", [
        ["", "All"],
        ["failure", "Failed, with their errors"],
        ["success", "Succeeded"]
      ]),
      choices(
        context,
        "event_type",
        "Kind of event",
        [["", "All kinds"], ...report.by_event_type.map(row => pair(row.event_type, row.label))],
        true
      ),
      pagedTable({
        label: "System events",
        context,
        sort: "-occurred_at",
        none: "No such events in this period",
        page: report.entries,
        more: async cursor => (await read(cursor)).entries,
        columns: [
          {label: "Time", sort: "occurred_at", cell: entryLink},
          {label: "Event", cell: row => row.action_label},
          {label: "Outcome", cell: row => outcome(row.outcome)},
          {label: "Job", cell: row => row.job_name ?? "–"},
          counts("Records", "records_processed"),
          {label: "By", cell: row => row.actor_label},
          {label: "What", class: "text", cell: row => [row.description, row.error_message && el("p", "error", row.error_message)]}
        ]
      })
    )
  ];
}

/** @param {Context} context @param {Report} report */
const figures = (context, {summary: sum, health}) =>
  cards([
    {label: "Events", wide: true, value: sum.total_events, href: context.link({outcome: null})},
    {
      label: "Succeeded",
      value: percent(sum.success_percent),
      note: `${number(sum.successful_events)} of ${number(sum.total_events)}`
    },
    {label: "Failed", value: sum.failed_events, href: context.link({outcome: "failure"}), bad: sum.failed_events > 0},
    {label: "Failed jobs", value: health.failed_jobs_24h, note: DAY, bad: health.failed_jobs_24h > 0},
    {label: "Failed emails", value: health.failed_emails_24h, note: DAY, bad: health.failed_emails_24h > 0},
    {label: "Emails waiting", value: health.pending_emails, note: "now"},
    {label: "Entries in the log", value: health.audit_entries_total, note: ["since ", time(health.oldest_entry_at)]}
  ]);

/** @param {Context} context @param {Report} report */
const kinds = (context, report) =>
  rankedBars({
    title: "By kind",
    first: "Kind",
    rows: report.by_event_type.map(row => ({
      ...row,
      name: row.label,
      tone: row.event_type,
      href: context.link({event_type: row.event_type})
    }))
  });

/** @param {Report} report */
const jobs = report =>
  panel(
    "Jobs",
    table({
      label: "Jobs",
      rows: report.jobs,
      none: "No job has run yet",
      columns: [
        {label: "Job", cell: row => row.job_name},
        times("Last run", "last_run_at"),
        {label: "Result", cell: row => outcome(row.last_status)},
        times("Last success", "last_success_at"),
        counts("Failures in a row", "consecutive_failures")
      ]
    })
  );

/** @param {Report} report */
function access({access: rows, access_total: total}) {
  /** @param {Report["access"]} some */
  const shown = some =>
    table({
      label: "Who read the log and the reports",
      rows: some,
      columns: [
        {label: "Who", cell: row => (row.user_id ? linkTo(href("people", {user_id: row.user_id}), row.username) : row.username)},
        {label: "What", cell: row => label(row.view_type)},
        {
          label: "How",
          cell: row =>
            ({
              audit_log_accessed: "Read",
              report_generated: "Report",
              export_generated: "Export",
              bulk_export: "Bulk export"
            })[row.action_type] ?? row.action_type
        },
        counts("Times", "count"),
        times("Last", "last_at")
      ]
    });
  const rest = el(
    "details",
    {},
    el("summary", {}, `All ${number(rows.length)}${total > rows.length ? ` (the most frequent of ${number(total)})` : ""}`)
  );
  rest.addEventListener("toggle", () => rest.children.length === 1 && rest.append(shown(rows)));
  return panel("Who read the log and the reports", shown(rows.slice(0, SHOWN)), rows.length > SHOWN && rest);
}
