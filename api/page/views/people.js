// User activity: all users with how much they did, and for one of them what they did.

import {el, linkTo} from "../dom.js";
import {category, label, named, number, person, time} from "../format.js";
import {
  badge,
  cards,
  caseLink,
  entryLink,
  filters,
  interval,
  intervalSelect,
  panel,
  reportQuery,
  reportToolbar,
  stamp
} from "../report.js";
import {barChart, rankedBars} from "../charts.js";
import {counts, pagedTable, times} from "../table.js";
import {reportPeriod, listPeriod} from "../period.js";
import {href} from "../route.js";
import {selectFilter} from "../forms.js";
import {personPicker} from "../people.js";

export const title = "People";
export const kind = "report";

const ROLES = "member technician manager administrator service".split(" ");

/** @param {Context} context */
export function toolbar(context) {
  const id = context.query.get("user_id");
  const picker = personPicker(context, {parameter: "user_id", label: "Person", also: {role: null, sort: null}});
  if (id) return reportToolbar(context, "/api/v1/reports/user-activity.csv", ["user_id"], ...picker, intervalSelect(context));
  const roles = selectFilter(context, "role", "Role", [["", "All"], ...named(ROLES)]);
  return reportToolbar(context, "/api/v1/reports/user-activity/users.csv", ["role", "sort"], ...picker, roles);
}

/** @param {Context} context */
export const render = context => (context.query.get("user_id") ? one(context) : all(context));

/** @param {Context} context */
async function all(context) {
  const query = {
    sort: "-total_activities",
    include_total: true,
    ...reportPeriod(context.query),
    ...filters(context.query, ["role", "sort"])
  };
  /** @param {string} [cursor] */
  const read = cursor => context.api.get("/api/v1/reports/user-activity/users", {query: {...query, cursor}});
  const report = await read();
  return [
    stamp(context, report),
    cards([
      {label: "Accounts", value: report.summary.total_users},
      {label: "Active in the period", value: report.summary.active_users},
      {label: "Their activities", value: report.summary.total_activities}
    ]),
    panel(
      "Activity of all accounts",
      pagedTable({
        label: "Activity of all accounts",
        context,
        sort: "-total_activities",
        page: report.entries,
        more: async cursor => (await read(cursor)).entries,
        columns: [
          {
            label: "Name",
            sort: "username",
            cell: row => linkTo(context.link({user_id: row.id, role: null, sort: null}), person(row.full_name, row.username))
          },
          {label: "Role", cell: row => label(row.role)},
          {label: "Activities", sort: "total_activities", numeric: true, cell: row => number(row.total_activities)},
          counts("On cases", "case_activities"),
          times("Last in the period", "last_activity_at"),
          times("Last ever", "last_activity_overall_at"),
          {label: "Account", cell: row => standing(row)}
        ]
      })
    )
  ];
}

/** @param {string | null} instant */
const smaller = instant => el("span", "smaller", time(instant));

/** @param {{is_active: boolean, deleted_at: string | null}} user */
const standing = user =>
  user.deleted_at
    ? badge("deleted", "Deleted", "bad")
    : user.is_active
      ? badge("active", "Active", "good")
      : badge("inactive", "Inactive", "");

/** @param {Context} context */
async function one(context) {
  const query = {...reportQuery(context.query, ["user_id", "sort"]), include_total: true};
  /** @param {string} [cursor] */
  const read = cursor => context.api.get("/api/v1/reports/user-activity", {query: {...query, cursor}});
  const report = await read();
  const {user, summary} = report;
  /** @param {Values} values */
  const inLog = values => href("log", {...listPeriod(context.query), actor_id: user.id, outcome: "success", ...values});
  return [
    stamp(context, report),
    el(
      "section",
      "panel person-head",
      el("h2", {}, person(user.full_name, user.username), " ", standing(user)),
      el("p", "quiet", [label(user.role), user.user_level && label(user.user_level), user.email].filter(Boolean).join(" · ")),
      el(
        "p",
        {},
        linkTo(context.link({user_id: null, sort: null}), "All people"),
        " · ",
        linkTo(inLog({outcome: null}), "Their entries in the log")
      )
    ),
    cards([
      {label: "Activities", value: summary.total_activities},
      {label: "Last in the period", value: smaller(summary.last_activity_at)},
      {label: "Last ever", value: smaller(summary.last_activity_overall_at)}
    ]),
    barChart({
      title: "Activity by category",
      points: report.timeseries,
      series: report.by_category.map(row => [row.category, category(row.category)]),
      interval: interval(context.query)
    }),
    el(
      "div",
      "columns",
      rankedBars({
        title: "By category",
        first: "Category",
        rows: report.by_category
          .filter(row => row.count > 0)
          .map(row => ({...row, name: category(row.category), tone: row.category, href: inLog({category: row.category})}))
      }),
      rankedBars({
        title: "By action",
        first: "Action",
        rows: report.by_action_type.map(row => ({
          ...row,
          name: row.label,
          tone: row.category,
          href: inLog({action_type: row.action_type})
        }))
      })
    ),
    panel(
      "Entries",
      pagedTable({
        label: "Entries",
        context,
        sort: "-occurred_at",
        page: report.entries,
        more: async cursor => (await read(cursor)).entries,
        columns: [
          {label: "Time", sort: "occurred_at", cell: entryLink},
          {
            label: "Action",
            cell: row => [row.action_label, " ", row.outcome !== "success" && badge(row.outcome, label(row.outcome), "bad")]
          },
          {label: "Description", class: "text", cell: row => row.description},
          {label: "Case", cell: caseLink},
          {label: "Address", cell: row => row.ip_address ?? "–"}
        ]
      })
    )
  ];
}
