// The period of a report or a list, in civil days of the service's time zone. It stands in the address of the view as
// `period=last_week`, or as `since=2026-11-16&until=2026-11-22` if it was chosen by days.
//
//   periodPicker(context)               the presets as links, and two days to choose
//   reportPeriod(context.query)         the parameters of a report
//   listPeriod(context.query)           those of a list, and of the address of a view that shows one
//   periodText(report.period)           "Mon, Nov 16, 2026 – Sun, Nov 22, 2026"

import {el} from "./dom.js";
import {day, dayOf, timeZone} from "./format.js";

/** @type {Choices} */
const PRESETS = [
  ["today", "Today"],
  ["this_week", "This week"],
  ["last_week", "Last week"],
  ["last_30_days", "Last 30 days"],
  ["this_quarter", "This quarter"],
  ["last_quarter", "Last quarter"],
  ["all", "All"]
];

const YEARS = {min: "2000-01-01", max: "2100-12-31"};

/** The name of the chosen period. @param {URLSearchParams} query @param {string} [byDefault] */
export function chosen(query, byDefault = "last_30_days") {
  return query.get("period") ?? (query.has("since") || query.has("until") ? "custom" : byDefault);
}

/** @param {URLSearchParams} query @returns {Period} */
export const reportPeriod = query => (chosen(query) === "all" ? {all_time: true} : listPeriod(query));

/** A list without a period has everything. @param {URLSearchParams} query @param {string} [byDefault] @returns {ListPeriod} */
export function listPeriod(query, byDefault) {
  const period = chosen(query, byDefault);
  if (period === "all") return {};
  if (period !== "custom") return {period};
  const since = query.get("since");
  const until = query.get("until");
  return {...(since ? {since} : {}), ...(until ? {until} : {})};
}

/** @param {string} on @param {number} days */
export function plus(on, days) {
  const date = new Date(`${on}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The length of the buckets of a series that suits the period: days, or weeks in long ones. @param {URLSearchParams} query */
export function intervalFor(query) {
  const {period, since, until} = listPeriod(query);
  if (period) return period.endsWith("quarter") ? "week" : "day";
  if (!since) return "week";
  const days = (Date.parse(until ?? dayOf(new Date())) - Date.parse(since)) / 86_400_000;
  return days <= 62 ? "day" : days <= 1000 ? "week" : "month";
}

/** The days of a period that a report covers. @param {{since: string, until: string}} period */
export function periodText({since, until}) {
  const from = dayOf(since);
  const to = dayOf(new Date(Date.parse(until) - 1));
  return from === to ? day(from) : `${day(from)} – ${day(to)}`;
}

/** @param {Context} context @param {{byDefault?: string}} [options] */
export function periodPicker(context, {byDefault = "last_30_days"} = {}) {
  const now = chosen(context.query, byDefault);
  const dates = listPeriod(context.query, byDefault);
  const presets = PRESETS.map(([name, text]) => {
    const link = context.link({period: name, since: null, until: null});
    return el("a", {id: `period-${name}`, class: "choice", href: link, "aria-current": name === now && "true"}, text);
  });
  /** @param {"since" | "until"} name @param {string} text */
  const input = (name, text) =>
    el("label", "inline", text, el("input", {id: `period-${name}`, type: "date", name, value: dates[name], ...YEARS}));

  return el(
    "section",
    {class: "period", "aria-label": `Period, in days of ${timeZone()}`},
    el("div", "choices", presets),
    el(
      "form",
      {
        class: now === "custom" ? "custom chosen" : "custom",
        "aria-label": "Custom period",
        onsubmit: event => {
          event.preventDefault();
          const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
          const [since, until] = [String(form.get("since")), String(form.get("until"))];
          const turned = since && until && since > until;
          context.go({period: null, since: turned ? until : since, until: turned ? since : until});
        }
      },
      input("since", "From"),
      input("until", "to"),
      el("button", {id: "period-apply", type: "submit"}, "Apply")
    )
  );
}
