// The quality review audit: what reviews decided, by whom, on whose work, and how fast.

import {el, linkTo} from "../dom.js";
import {duration, label, named, number, percent, person, time} from "../format.js";
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
import {barChart, shareBar} from "../charts.js";
import {counts, pagedTable, table, times} from "../table.js";

/** @typedef {Schemas["UserReviewFigures"]} Reviewed */

export const title = "Reviews";
export const kind = "report";

/** @type {Parameter<"/api/v1/reports/quality-review-audit">[]} */
const FILTERS = ["review_status", "reviewer_id", "sort"];
const DECISIONS = /** @type {const} */ (["approved", "revisions_requested", "corrections_needed"]);
const TONES = new Map([
  ["approved", "good"],
  ["revisions_requested", "warn"],
  ["corrections_needed", "info"]
]);

/** @param {Context} context */
export const toolbar = context =>
  reportToolbar(context, "/api/v1/reports/quality-review-audit.csv", FILTERS, intervalSelect(context));

/** @param {Context} context */
export async function render(context) {
  const query = {...reportQuery(context.query, FILTERS), include_total: true};
  /** @param {string} [cursor] */
  const read = cursor => context.api.get("/api/v1/reports/quality-review-audit", {query: {...query, cursor}});
  const report = await read();
  const {summary: sum} = report;
  const reviewer = report.reviewers.find(one => one.user_id === context.query.get("reviewer_id"));
  return [
    stamp(context, report),
    chips(context, [["reviewer_id", "Reviewer", reviewer?.username ?? context.query.get("reviewer_id")]]),
    cards([
      {label: "Decisions", value: sum.total_reviews},
      {label: "Approved at first", value: percent(sum.first_pass_approval_percent), note: "of the cases first decided"},
      {
        label: "Mean turnaround",
        value: sum.average_turnaround_hours === null ? "–" : `${number(sum.average_turnaround_hours)} h`,
        note: "from submission to decision"
      },
      {label: "Submissions for review", value: sum.submissions}
    ]),
    shareBar(
      "Decisions",
      DECISIONS.map(code => ({
        name: label(code),
        count: sum[code],
        percent: sum[`${code}_percent`],
        tone: code,
        href: context.link({review_status: code})
      }))
    ),
    barChart({
      title: "Decisions over time",
      points: report.timeseries,
      series: named(DECISIONS),
      interval: interval(context.query)
    }),
    panel("Reviewers", ...people("Reviewer", report.reviewers, report.reviewers_total, id => context.link({reviewer_id: id}))),
    panel("Whose work was reviewed", ...people("Technician", report.by_technician, report.technicians_total, null)),
    panel(
      "Decisions, one by one",
      choices(context, "review_status", "Decision", [["", "All"], ...named(DECISIONS)], true),
      pagedTable({
        label: "Decisions",
        context,
        sort: "-occurred_at",
        page: report.entries,
        more: async cursor => (await read(cursor)).entries,
        columns: [
          {
            label: "Time",
            sort: "occurred_at",
            cell: ({audit_entry_id: id, occurred_at: at}) => (id ? entryLink({id, occurred_at: at}) : time(at))
          },
          {label: "Case", cell: caseLink},
          {
            label: "Decision",
            cell: row => badge(row.review_status, label(row.review_status), TONES.get(row.review_status) ?? "")
          },
          {label: "Reviewer", cell: row => person(row.reviewer_full_name, row.reviewer_username)},
          {label: "Work of", cell: row => person(row.original_technician_full_name, row.original_technician_username)},
          counts("Cycle", "review_cycle"),
          {label: "Turnaround", numeric: true, cell: row => duration(row.turnaround_seconds)},
          {label: "Notes", class: "text", cell: row => row.notes ?? "–"}
        ]
      })
    )
  ];
}

/** @param {string} who @param {Reviewed[]} rows @param {number} total @param {((id: string) => string) | null} link */
function people(who, rows, total, link) {
  return [
    table({
      label: `Decisions by ${who.toLowerCase()}`,
      rows,
      columns: [
        {
          label: who,
          cell: row =>
            link ? linkTo(link(row.user_id), person(row.full_name, row.username)) : person(row.full_name, row.username)
        },
        counts("Decisions", "total_reviews"),
        counts("Approved", "approved"),
        counts("Revisions", "revisions_requested"),
        counts("Corrected", "corrections_needed"),
        {label: "Approval", numeric: true, cell: row => percent(row.approval_percent)},
        times("Last review", "last_review_at")
      ]
    }),
    total > rows.length && el("p", "quiet", `The ${number(rows.length)} with the most decisions of ${number(total)}`)
  ];
}
