// What a report view shall show of an answer of the API, and what it does show.

import { clock, duration, number, percent, person, words } from "./words.js";

const CATEGORY = {
  case: "Cases",
  session: "Sign-ins",
  document: "Documents",
  note: "Notes",
  review: "Reviews",
  user: "Accounts",
  access: "Access and exports",
};
const category = (code) => CATEGORY[code] ?? words(code);

const HOW = {
  audit_log_accessed: "Read",
  report_generated: "Report",
  export_generated: "Export",
  bulk_export: "Bulk export",
};

/** The cards by their label, the rows of each table, the bars of the chart, the parts of the share bar. @param {import("playwright-core").Page} page */
export const shown = (page) =>
  page.evaluate(() => {
    const text = (node) => (node?.textContent ?? "").replace(/\s+/g, " ").trim();
    const cards = [...document.querySelectorAll(".cards .card")].map((card) => [
      text(card.querySelector("dt")),
      text(card.querySelector(".value")),
    ]);
    const tables = [...document.querySelectorAll(".scroll[aria-label]")].map((place) => [
      place.getAttribute("aria-label"),
      [...place.querySelectorAll("tbody tr")].map((row) => [...row.children].map(text)),
    ]);
    const heads = [...document.querySelectorAll(".as-table .scroll")].map((place) => [
      place.getAttribute("aria-label"),
      [...place.querySelectorAll("thead th")].map(text),
    ]);
    const plot = document.querySelector(".plot");
    const bars = [...(plot?.querySelectorAll(".bucket") ?? [])].map((bucket) => ({
      text: bucket.getAttribute("aria-label") ?? "",
      heights: [...bucket.querySelectorAll("rect:not(.hit)")].map((rect) => Number(rect.getAttribute("height"))),
    }));
    const parts = [...document.querySelectorAll(".share .legend li")].map(text);
    const ranked = [...document.querySelectorAll(".ranked")].map((figure) => [
      text(figure.querySelector("h2")),
      [...figure.querySelectorAll(".bar-cell rect:not(.track)")].map((rect) => parseFloat(rect.getAttribute("width") ?? "0")),
    ]);
    return {
      cards: Object.fromEntries(cards),
      tables: Object.fromEntries(tables),
      /** Of the tables that charts have. */
      heads: Object.fromEntries(heads),
      chart: text(document.querySelector(".chart h2")),
      bars,
      parts,
      ranked: Object.fromEntries(ranked),
    };
  });

/** Opens the table of each chart. @param {import("playwright-core").Page} page */
export async function openTables(page) {
  await page.evaluate(() => document.querySelectorAll(".as-table").forEach((details) => (details.open = true)));
  await page.waitForFunction(() => [...document.querySelectorAll(".as-table > div")].every((place) => place.firstChild));
}

const counted = (rows, name, more = () => []) =>
  rows.map((row) => [name(row), "", number(row.count), percent(row.percent), ...more(row)]);

/** By the path of the report. */
export const EXPECTED = {
  "activity-summary": (report, { time }) => {
    const { summary: sum, workload } = report;
    const active = (rows) =>
      counted(
        rows,
        (row) => `${person(row.full_name, row.username)} · ${words(row.role)}`,
        (row) => [time(row.last_activity_at)],
      );
    return {
      cards: {
        Activities: number(sum.total_activities),
        "Active accounts": number(sum.active_users),
        "On cases": number(sum.case_activities),
        "Quality reviews": number(sum.quality_review_activities),
        "Account management": number(sum.user_management_activities),
        "By the system": number(sum.system_activity_count),
        "Access and exports": number(sum.access_activities),
        "Failed attempts": number(sum.failed_attempts),
        "Denied attempts": number(sum.denied_attempts),
        Open: number(workload.summary.open_cases),
        Unassigned: number(workload.summary.unassigned),
        Overdue: number(workload.summary.overdue),
        "On hold": number(workload.summary.on_hold),
        "Holds past their end": number(workload.summary.overdue_holds),
        "Waiting for review": number(workload.summary.waiting_for_review),
      },
      tables: {
        "Most frequent actions": counted(report.by_action_type, (row) => row.label),
        "Most active people": active(report.top_users),
        "Service accounts": active(report.top_service_accounts),
        "Open cases by status and age": workload.by_status.map((row) => [
          words(row.status),
          ...["open_cases", "under_3_days", "from_3_days", "from_7_days", "from_14_days", "from_30_days"].map((key) =>
            number(row[key]),
          ),
        ]),
        "Open cases by technician": workload.by_technician.map((row) => [
          person(row.full_name, row.username),
          ...["open_cases", "on_hold", "waiting_for_review", "overdue"].map((key) => number(row[key])),
        ]),
        "Longest holds": workload.holds
          .slice(0, 10)
          .map((row) => [row.case_number, row.workshop_code, row.assigned_to_username ?? "–", time(row.held_at)]),
      },
      series: report.by_category.map((row) => [row.category, category(row.category)]),
    };
  },
  "user-activity/users": (report, { time }) => ({
    cards: {
      Accounts: number(report.summary.total_users),
      "Active in the period": number(report.summary.active_users),
      "Their activities": number(report.summary.total_activities),
    },
    tables: {
      "Activity of all accounts": report.entries.data.map((row) => [
        person(row.full_name, row.username),
        words(row.role),
        number(row.total_activities),
        number(row.case_activities),
        time(row.last_activity_at),
        time(row.last_activity_overall_at),
        row.deleted_at ? "Deleted" : row.is_active ? "Active" : "Inactive",
      ]),
    },
  }),
  "user-activity": (report, { time }) => ({
    cards: {
      Activities: number(report.summary.total_activities),
      "Last in the period": time(report.summary.last_activity_at),
      "Last ever": time(report.summary.last_activity_overall_at),
    },
    tables: {
      "By category": counted(
        report.by_category.filter((row) => row.count > 0),
        (row) => category(row.category),
      ),
      "By action": counted(report.by_action_type, (row) => row.label),
      Entries: report.entries.data.map((row) => [
        time(row.occurred_at),
        `${row.action_label}${row.outcome === "success" ? "" : ` ${words(row.outcome)}`}`,
        row.description,
        row.case_number ?? "–",
      ]),
    },
    series: report.by_category.map((row) => [row.category, category(row.category)]),
  }),
  "case-changes": (report, { time }) => {
    const { summary: sum } = report;
    const ranked = (rows, name) =>
      [...rows]
        .sort((a, b) => b.total_changes - a.total_changes)
        .slice(0, 10)
        .map((row) => [name(row), "", number(row.total_changes), number(row.cases_touched)]);
    return {
      cards: {
        Changes: number(sum.total_changes),
        Status: number(sum.status_changes),
        Assignment: number(sum.reassignments),
        Details: number(sum.details_changes),
        Holds: number(sum.holds),
        Resubmission: number(sum.resubmissions),
        Tier: number(sum.tier_changes),
      },
      tables: {
        Changes: report.entries.data.map((row) => [
          time(row.occurred_at),
          row.case_number ?? "–",
          person(row.actor_full_name, row.actor_label),
          words(row.badge),
        ]),
        "By assignee of the case": ranked(report.by_assignee, (row) =>
          row.username ? person(row.full_name, row.username) : "Unassigned",
        ),
        "By member": ranked(report.by_member, (row) => (row.username ? person(row.full_name, row.username) : "Unassigned")),
        "By workshop": ranked(report.by_workshop, (row) => row.workshop_code),
      },
      series: [
        ["status", "Status"],
        ["assignment", "Assignment"],
        ["details", "Details"],
        ["hold", "Holds"],
        ["resubmission", "Resubmission"],
        ["tier", "Tier"],
      ],
      grouped: true,
    };
  },
  "quality-review-audit": (report, { time }) => {
    const { summary: sum } = report;
    const people = (rows) =>
      rows.map((row) => [
        person(row.full_name, row.username),
        ...["total_reviews", "approved", "revisions_requested", "corrections_needed"].map((key) => number(row[key])),
        percent(row.approval_percent),
        time(row.last_review_at),
      ]);
    const decisions = ["approved", "revisions_requested", "corrections_needed"];
    return {
      cards: {
        Decisions: number(sum.total_reviews),
        "Approved at first": percent(sum.first_pass_approval_percent),
        "Mean turnaround": sum.average_turnaround_hours === null ? "–" : `${sum.average_turnaround_hours} h`,
        "Submissions for review": number(sum.submissions),
      },
      tables: {
        "Decisions by reviewer": people(report.reviewers),
        "Decisions by technician": people(report.by_technician),
        Decisions: report.entries.data.map((row) => [
          time(row.occurred_at),
          row.case_number,
          words(row.review_status),
          person(row.reviewer_full_name, row.reviewer_username),
          person(row.original_technician_full_name, row.original_technician_username),
          number(row.review_cycle),
          duration(row.turnaround_seconds),
          row.notes ?? "–",
        ]),
      },
      parts: decisions.map((code) => `${words(code)}${number(sum[code])}${percent(sum[`${code}_percent`])}`),
      series: decisions.map((code) => [code, words(code)]),
    };
  },
  "system-events": (report, { time }) => {
    const { summary: sum, health } = report;
    return {
      cards: {
        Events: number(sum.total_events),
        Succeeded: percent(sum.success_percent),
        Failed: number(sum.failed_events),
        "Failed jobs": number(health.failed_jobs_24h),
        "Failed emails": number(health.failed_emails_24h),
        "Emails waiting": number(health.pending_emails),
        "Entries in the log": number(health.audit_entries_total),
      },
      tables: {
        Jobs: report.jobs.map((row) => [
          row.job_name,
          time(row.last_run_at),
          words(row.last_status),
          time(row.last_success_at),
          number(row.consecutive_failures),
        ]),
        "By kind": counted(report.by_event_type, (row) => row.label),
        "Who read the log and the reports": report.access
          .slice(0, 12)
          .map((row) => [row.username, words(row.view_type), HOW[row.action_type], number(row.count), time(row.last_at)]),
        "System events": report.entries.data.map((row) => [
          time(row.occurred_at),
          row.action_label,
          words(row.outcome),
          row.job_name ?? "–",
          number(row.records_processed),
          row.actor_label,
          `${row.description}${row.error_message ?? ""}`,
        ]),
      },
      series: report.by_event_type.map((row) => [row.event_type, row.label]),
    };
  },
};

/**
 * The bars that the answer calls for: for each bucket its texts of figures and its values in the order of the series, and its row
 * in the table of the chart, of all series that have figures.
 * @param {any} report @param {[string, string][]} series @param {boolean} [grouped]
 */
export function bars(report, series, grouped) {
  /** @type {Map<string, Map<string, number>>} */
  const buckets = new Map();
  for (const { bucket_on: on, series: code, value } of report.timeseries)
    buckets.set(on, (buckets.get(on) ?? new Map()).set(code, value));
  const all = [...buckets.values()];
  const columns = series.filter(([code]) => all.some((values) => values.get(code)));
  const found = all.map((values) => {
    const parts = series.filter(([code]) => values.get(code));
    const total = series.reduce((sum, [code]) => sum + (values.get(code) ?? 0), 0);
    return {
      words: parts.map(([code, name]) => `${name} ${number(values.get(code))}`).join(", ") || "none",
      values: parts.map(([code]) => values.get(code) ?? 0),
      total,
      row: [...columns.map(([code]) => number(values.get(code) ?? 0)), ...(grouped ? [] : [number(total)])],
    };
  });
  return { head: ["From", ...columns.map(([, name]) => name), ...(grouped ? [] : ["Total"])], bars: found };
}

export { clock };
