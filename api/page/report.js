// What the report views have in common: their toolbar, their cards, and what says which period a report covers and how fresh.
//
//   export const toolbar = (context) => reportToolbar(context, "/api/v1/reports/system-events.csv", ["event_type", "outcome"]);
//   stamp(context, report)                                        period, zone, freshness; on paper also who printed it
//   cards([{label: "Failed", value: number(3), note, href, spark}], 4)
//   reportQuery(context.query, ["event_type", "outcome"])         the parameters of the report from the address

import {el, linkTo, pushButton} from "./dom.js";
import {periodPicker, intervalFor, periodText, plus, reportPeriod} from "./period.js";
import {downloadButton} from "./download.js";
import {dayOf, label, number, pair, time, timeText, timeZone} from "./format.js";
import {selectFilter} from "./forms.js";
import {session} from "./session.js";
import {href} from "./route.js";

/** The values of parameters that can be repeated. @param {URLSearchParams} query @param {readonly string[]} names */
export function filters(query, names) {
  return Object.fromEntries(names.filter(name => query.has(name)).map(name => [name, query.getAll(name)]));
}

/** @param {URLSearchParams} query @returns {Interval} */
export function interval(query) {
  const name = query.get("interval");
  return name === "day" || name === "week" || name === "month" ? name : intervalFor(query);
}

/** @param {URLSearchParams} query @param {readonly string[]} names */
export const reportQuery = (query, names) => ({...reportPeriod(query), interval: interval(query), ...filters(query, names)});

/** What the bars of a chart stand for. @param {Context} context */
export function intervalSelect(context) {
  const options = ["day", "week", "month"].map(name => pair(name, name));
  return selectFilter(context, "interval", "Chart by", options, interval(context.query));
}

/**
 * The CSV has the filters, too.
 * @param {Context} context @param {CsvPath} csv @param {readonly string[]} names of the filters @param {...Child} more
 */
export function reportToolbar(context, csv, names, ...more) {
  const query = {...reportPeriod(context.query), ...filters(context.query, names)};
  return [
    periodPicker(context),
    el(
      "div",
      "tools",
      ...more,
      downloadButton(context, {text: "Download CSV", path: csv, query}),
      pushButton({id: "print", onclick: () => print()}, "Print")
    )
  ];
}

/** @param {Context} context @param {{period: Schemas["PeriodView"], generated_at: string}} report */
export function stamp(context, {period, generated_at: at}) {
  const who = session.account;
  return el(
    "p",
    "stamp",
    el("strong", {}, periodText(period)),
    el("span", {}, `days in ${timeZone()}`),
    el("span", {}, "updated ", time(at)),
    pushButton({id: "refresh", class: "plain", onclick: () => context.reload()}, "Refresh"),
    el(
      "span",
      "paper",
      `printed by ${who?.full_name} (${label(who?.role)}), `,
      el("span", "print-time"),
      ` from Casetrail ${context.service.version}`
    )
  );
}

addEventListener("beforeprint", () => {
  for (const place of document.querySelectorAll(".print-time")) place.textContent = timeText(new Date().toISOString());
});

/**
 * The days that a bar counts: those of its interval that are in the period of the report.
 * @param {string} on the first day of the interval @param {Interval} interval @param {{since: string, until: string}} period
 */
export function bucketDays(on, interval, {since, until}) {
  const [year = 0, month = 1] = on.split("-").map(Number);
  const end = interval === "day" ? on : interval === "week" ? plus(on, 6) : new Date(Date.UTC(year, month, 0)).toISOString();
  const [first, last] = [dayOf(since), dayOf(new Date(Date.parse(until) - 1))];
  return {since: on > first ? on : first, until: end < last ? end.slice(0, 10) : last};
}

/** @param {readonly Card[]} list @param {4 | 5 | 6} [perRow] on a wide screen; a wide card counts twice */
export function cards(list, perRow = 4) {
  return el(
    "dl",
    `cards per-${perRow}`,
    ...list.map(card =>
      el(
        "div",
        ["card", card.bad && "bad", card.wide && "wide", card.href && "linked", card.current && "current"]
          .filter(Boolean)
          .join(" "),
        el(
          "dt",
          {},
          card.href ? el("a", {id: card.id, href: card.href, "aria-current": card.current && "true"}, card.label) : card.label
        ),
        el("dd", "value", typeof card.value === "number" ? number(card.value) : card.value),
        card.note !== undefined && el("dd", "note", card.note),
        card.spark && el("dd", "spark-place", card.spark)
      )
    )
  );
}

/** @param {{case_id: string | null, case_number: string | null}} row */
export const caseLink = ({case_id: id, case_number: text}) =>
  id ? el("a", {class: "nowrap", href: href(["case", id])}, text) : "–";

/** The time of an entry, which leads to it. @param {{id: string, occurred_at: string}} row */
export const entryLink = ({id, occurred_at: at}) => linkTo(href(["entry", id]), time(at));

/** A word with a colour. @param {string} code @param {string} text @param {string} tone */
export const badge = (code, text, tone) => el("span", {class: `badge ${tone}`, "data-code": code}, text);

/** A titled part of a view. @param {string} title @param {...Child} children */
export const panel = (title, ...children) => el("section", "panel", el("h2", {}, title), ...children);

/**
 * A filter as links.
 * @param {Context} context @param {string} name @param {string} title @param {Choices} values @param {boolean} [multiple]
 */
export function choices(context, name, title, values, multiple = false) {
  const chosen = context.query.getAll(name);
  return el(
    "nav",
    {class: "choices", "aria-label": title},
    ...values.map(([value, text]) => {
      const is = value ? chosen.includes(value) : chosen.length === 0;
      const next = !value ? null : !multiple ? value : is ? chosen.filter(one => one !== value) : [...chosen, value];
      return el(
        "a",
        {id: `${name}-${value || "all"}`, class: "choice", href: context.link({[name]: next}), "aria-current": is && "true"},
        text
      );
    })
  );
}

/**
 * The filters that no control shows, each with a link that removes it.
 * @param {Context} context @param {[name: string, title: string, text: Child][]} list
 */
export function chips(context, list) {
  const set = list.filter(([name]) => context.query.has(name));
  if (!set.length) return null;
  return el(
    "p",
    "chips",
    ...set.map(([name, title, text]) =>
      el(
        "span",
        "badge info",
        title,
        " ",
        text,
        " ",
        el("a", {href: context.link({[name]: null}), "aria-label": `Remove the filter ${title}`}, "✕")
      )
    )
  );
}
