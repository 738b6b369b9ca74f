// The period of a report or a list, in civil days of the service's time zone. It stands in the address of the view as
// `period=last_week`, or as `since=2026-11-16&until=2026-11-22` if it was chosen by days.
//
//   periodPicker(context)               the presets as links, and two days to choose
//   reportPeriod(context.query)         the parameters of a report
//   listPeriod(context.query)           the same as `since` and `until`, for lists, which take no names of periods
//   periodText(report.period)           "Mon, Nov 16, 2026 – Sun, Nov 22, 2026"

import { el } from "./dom.js";
import { day, dayOf, timeZone } from "./format.js";

const PRESETS = /** @type {const} */ ([
  ["today", "Today"],
  ["this_week", "This week"],
  ["last_week", "Last week"],
  ["last_30_days", "Last 30 days"],
  ["this_quarter", "This quarter"],
  ["last_quarter", "Last quarter"],
  ["all", "All"],
]);

/** The name of the chosen period. @param {URLSearchParams} query @param {string} [byDefault] */
export function chosen(query, byDefault = "last_30_days") {
  return query.get("period") ?? (query.has("since") || query.has("until") ? "custom" : byDefault);
}

/** @param {URLSearchParams} query @returns {Period} */
export function reportPeriod(query) {
  const name = chosen(query);
  if (name === "all") return { all_time: true };
  if (name === "today") return bounds(name);
  if (name !== "custom") return { period: name };
  return listPeriod(query);
}

/** @param {URLSearchParams} query @param {string} [byDefault] @returns {{since?: string, until?: string}} */
export function listPeriod(query, byDefault) {
  const name = chosen(query, byDefault);
  if (name !== "custom") return bounds(name);
  const since = query.get("since");
  const until = query.get("until");
  return { ...(since ? { since } : {}), ...(until ? { until } : {}) };
}

/**
 * The first and last day of a preset; none for all.
 * @param {string} name
 * @param {string} [today]
 * @returns {{since?: string, until?: string}}
 */
export function bounds(name, today = dayOf(new Date())) {
  const [year = 0, month = 1] = today.split("-").map(Number);
  const monday = plus(today, -((new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7));
  const quarter = Math.floor((month - 1) / 3) * 3;
  switch (name) {
    case "today":
      return { since: today, until: today };
    case "this_week":
      return { since: monday, until: today };
    case "last_week":
      return { since: plus(monday, -7), until: plus(monday, -1) };
    case "this_month":
      return { since: first(year, month - 1), until: today };
    case "last_month":
      return { since: first(year, month - 2), until: plus(first(year, month - 1), -1) };
    case "last_30_days":
      return { since: plus(today, -29), until: today };
    case "this_quarter":
      return { since: first(year, quarter), until: today };
    case "last_quarter":
      return { since: first(year, quarter - 3), until: plus(first(year, quarter), -1) };
    default:
      return {};
  }
}

/** @param {string} on @param {number} days */
export function plus(on, days) {
  const date = new Date(`${on}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The first day of a month, which may lie outside of 0 to 11. @param {number} year @param {number} month */
const first = (year, month) => new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);

/** The length of the buckets of a series that suits the period: days, or weeks in long ones. @param {URLSearchParams} query */
export function intervalFor(query) {
  const { since, until } = listPeriod(query);
  if (!since) return "week";
  const days = (Date.parse(until ?? dayOf(new Date())) - Date.parse(since)) / 86_400_000;
  return days <= 62 ? "day" : days <= 1000 ? "week" : "month";
}

/** The days of a period that a report covers. @param {{since: string, until: string}} period */
export function periodText({ since, until }) {
  const from = dayOf(since);
  const to = dayOf(new Date(Date.parse(until) - 1));
  return from === to ? day(from) : `${day(from)} – ${day(to)}`;
}

/** @param {Context} context @param {{byDefault?: string}} [options] */
export function periodPicker(context, { byDefault = "last_30_days" } = {}) {
  const now = chosen(context.query, byDefault);
  const dates = now === "all" ? {} : listPeriod(context.query, byDefault);
  const preset = (/** @type {string} */ name, /** @type {string} */ text) =>
    el(
      "a",
      {
        id: `period-${name}`,
        class: "choice",
        href: context.link({ period: name, since: null, until: null }),
        "aria-current": name === now ? "true" : null,
      },
      text,
    );
  const input = (/** @type {"since" | "until"} */ name, /** @type {string} */ text) =>
    el("label", { class: "inline" }, text, el("input", { id: `period-${name}`, type: "date", name, value: dates[name], min: "2000-01-01", max: "2100-12-31" }));

  return el(
    "section",
    { class: "period", "aria-label": `Period, in days of ${timeZone()}` },
    el("div", { class: "choices" }, PRESETS.map(([name, text]) => preset(name, text))),
    el(
      "form",
      {
        class: now === "custom" ? "custom chosen" : "custom",
        "aria-label": "Custom period",
        onsubmit: (event) => {
          event.preventDefault();
          const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
          const [since, until] = [String(form.get("since")), String(form.get("until"))];
          const turned = since && until && since > until;
          context.go({ period: null, since: turned ? until : since, until: turned ? since : until });
        },
      },
      input("since", "From"),
      input("until", "to"),
      el("button", { id: "period-apply", type: "submit" }, "Apply"),
    ),
  );
}
