// The activity summary: how much happened, compared with before, by day, type and person, and what is open now.

import {el, linkTo, quiet} from "../dom.js";
import {category, label, number, pair, percent, person, time, duration, timeText} from "../format.js";
import {bucketDays, cards, caseLink, interval, intervalSelect, panel, reportQuery, reportToolbar, stamp} from "../report.js";
import {barChart, buckets, rankedBars, sparkline} from "../charts.js";
import {counts, table, times} from "../table.js";
import {listPeriod} from "../period.js";
import {href, periodOf} from "../route.js";

/** @typedef {Schemas["ActivitySummaryReport"]} Report */

export const title = "Overview";
export const kind = "report";

const READING = "access";
/** What the figures count, but for those of failed and denied attempts. */
const COUNTED = {outcome: "success"};

/** Whether access to the log, reports and exports is excluded. @param {Context} context */
const isApart = ({query}) => query.get("reading") === "apart";

/** @param {Context} context */
export const toolbar = context =>
  reportToolbar(
    context,
    "/api/v1/reports/activity-summary.csv",
    [],
    el(
      "label",
      "inline",
      el("input", {
        id: "reading",
        type: "checkbox",
        checked: isApart(context),
        onchange: () => context.go({reading: isApart(context) ? null : "apart"})
      }),
      "Exclude access and exports"
    ),
    intervalSelect(context)
  );

/** @param {Context} context */
export async function render(context) {
  const report = await context.api.get("/api/v1/reports/activity-summary", {query: reportQuery(context.query, [])});
  /** @param {{category: string}} row */
  const shown = row => !isApart(context) || row.category !== READING;
  const by = interval(context.query);
  const of = isApart(context) && {category: report.by_category.filter(shown).map(row => row.category)};
  const series = report.by_category.filter(shown).map(row => pair(row.category, category(row.category)));
  return [
    stamp(context, report),
    figures(context, report),
    barChart({
      title: "Activity by category",
      points: report.timeseries,
      series,
      interval: by,
      href: on => href("log", {...COUNTED, ...bucketDays(on, by, report.period), ...of})
    }),
    el("div", "columns", types(context, report, shown), people(context, report)),
    ...workload(report)
  ];
}

/** @param {Context} context @param {Report} report */
function figures(context, {summary: sum, timeseries}) {
  /** @param {Values} values */
  const inLog = values => href("log", {...listPeriod(context.query), ...COUNTED, ...values});
  const period = periodOf(context.query);
  const apart = isApart(context);
  const all = buckets(timeseries).map(bucket => bucket.total - (apart ? (bucket.values.get(READING) ?? 0) : 0));
  const change = sum.percent_change === null ? "" : ` ${percent(Math.abs(sum.percent_change))}`;
  const trend = [
    el("span", {class: sum.direction, "data-direction": sum.direction}, change || label(sum.direction)),
    ` from ${number(sum.previous_total)} before`
  ];
  return cards(
    [
      {
        label: apart ? "Activities without access and exports" : "Activities",
        value: sum.total_activities - (apart ? sum.access_activities : 0),
        note: apart
          ? `${number(sum.access_activities)} access entries excluded`
          : el("span", {title: `since ${timeText(sum.previous_since)}`}, trend),
        spark: sparkline(all, "Activities"),
        wide: true
      },
      {label: "Active accounts", value: sum.active_users, href: href("people", period)},
      {label: "On cases", value: sum.case_activities, href: href("changes", period)},
      {label: "Quality reviews", value: sum.quality_review_activities, href: href("reviews", period)},
      {label: "Account management", value: sum.user_management_activities, href: inLog({category: "user"})},
      {label: "By the system", value: sum.system_activity_count, href: href("system", period)},
      {label: "Access and exports", value: sum.access_activities, href: inLog({category: READING})},
      {label: "Failed attempts", value: sum.failed_attempts, href: inLog({outcome: "failure"}), bad: sum.failed_attempts > 0},
      {label: "Denied attempts", value: sum.denied_attempts, href: inLog({outcome: "denied"}), bad: sum.denied_attempts > 0}
    ],
    5
  );
}

/** @param {Context} context @param {Report} report @param {(row: {category: string}) => boolean} shown */
function types(context, {by_action_type: all, summary}, shown) {
  const apart = isApart(context);
  const total = summary.total_activities - summary.access_activities;
  return rankedBars({
    title: "Most frequent actions",
    first: "Action",
    note: !apart && summary.other_types_count > 0 && quiet(`${number(summary.other_types_count)} of other types`),
    rows: all
      .filter(shown)
      .map(row => ({
        ...row,
        ...(apart && {percent: (100 * row.count) / total}),
        name: row.label,
        tone: row.category,
        href: href("log", {...listPeriod(context.query), ...COUNTED, action_type: row.action_type})
      }))
  });
}

/** @param {Context} context @param {Report} report */
function people(context, {top_users: users, top_service_accounts: programs}) {
  /** @param {Report["top_users"][number]} one */
  const row = one => ({
    name: person(one.full_name, `${one.username} · ${label(one.role)}`),
    count: one.count,
    percent: one.percent,
    href: href("people", {...periodOf(context.query), user_id: one.user_id}),
    more: [time(one.last_activity_at)]
  });
  const columns = ["Last activity"];
  return el(
    "div",
    "stack",
    rankedBars({
      title: "Most active people",
      note: isApart(context) && quiet("Access and exports included"),
      columns,
      rows: users.map(row)
    }),
    programs.length > 0 &&
      rankedBars({title: "Service accounts", columns, rows: programs.map(one => ({...row(one), tone: "system"}))})
  );
}

/** @param {Report} report */
function workload({workload: {summary: sum, by_status: statuses, by_technician: technicians, holds}}) {
  /** @param {Values} values */
  const cases = values => href("cases", values);
  const open = statuses.map(row => row.status);
  return [
    el("h2", "part", "Open cases now ", quiet("whatever the period, as of ", time(sum.as_of))),
    cards(
      [
        {label: "Open", value: sum.open_cases, href: cases({status: open})},
        {label: "Unassigned", value: sum.unassigned, href: cases({status: open, unassigned: true})},
        {label: "Overdue", value: sum.overdue, href: cases({is_overdue: true}), bad: sum.overdue > 0},
        {
          label: "On hold",
          value: sum.on_hold,
          href: cases({status: "hold"}),
          note: `longest ${duration(sum.longest_hold_seconds)}`
        },
        {label: "Holds past their end", value: sum.overdue_holds, bad: sum.overdue_holds > 0},
        {label: "Waiting for review", value: sum.waiting_for_review, href: cases({status: "pending_review"})}
      ],
      6
    ),
    el(
      "div",
      "columns",
      panel(
        "By status and age",
        table({
          label: "Open cases by status and age",
          rows: statuses,
          columns: [
            {label: "Status", cell: row => linkTo(cases({status: row.status}), label(row.status))},
            counts("Open", "open_cases"),
            counts("< 3 d", "under_3_days"),
            counts("3–7", "from_3_days"),
            counts("7–14", "from_7_days"),
            counts("14–30", "from_14_days"),
            counts("≥ 30 d", "from_30_days")
          ]
        })
      ),
      panel(
        "By technician",
        table({
          label: "Open cases by technician",
          rows: technicians,
          none: "No technicians",
          columns: [
            {
              label: "Technician",
              cell: row => linkTo(cases({assigned_to: row.user_id, status: open}), person(row.full_name, row.username))
            },
            counts("Open", "open_cases"),
            counts("On hold", "on_hold"),
            counts("In review", "waiting_for_review"),
            counts("Overdue", "overdue")
          ]
        })
      )
    ),
    panel(
      "Longest holds",
      table({
        label: "Longest holds",
        rows: holds.slice(0, 10),
        none: "No case is on hold",
        columns: [
          {label: "Case", cell: caseLink},
          {label: "Workshop", cell: row => row.workshop_code},
          {label: "Assignee", cell: row => row.assigned_to_username ?? "–"},
          times("Held", "held_at"),
          {label: "For", numeric: true, cell: row => duration(row.held_seconds)},
          {
            label: "Expected end",
            cell: row => [time(row.expected_end_at), " ", row.is_overdue && el("span", "badge bad", "past")]
          }
        ]
      })
    )
  ];
}
