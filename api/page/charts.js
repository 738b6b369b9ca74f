// Charts in SVG. Widths are attributes in percent, so that a chart fits its place without a script, and texts keep their size.
// Every chart has a title, can be read with the keyboard, and is also there as a table.
//
//   barChart({title, points: report.timeseries, series: [["case", "Cases"]], interval: "day", href})    stacked, or `grouped`
//   rankedBars({title, rows: [{name, count, percent, tone: "case", href}], columns})                    horizontal bars
//   shareBar({title, parts: [{name, count, percent, tone}]})                                            one bar of 100 percent
//   sparkline([3, 5, 2], "Holds per day")                                                               a trend in a card
//
// `tone` is the code of a category, a change type, a decision: equal codes have equal colours in every chart.

import { el, svg } from "./dom.js";
import { day, month, number, percent, shortDay } from "./format.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("casetrail-api").components["schemas"]["SeriesPoint"]} Point */
/** @typedef {"day" | "week" | "month"} Interval */
/** @typedef {readonly [code: string, label: string]} Series */
/** @typedef {{on: string, values: Map<string, number>, total: number}} Bucket */

const HEIGHT = 200;

/** @type {Map<string, number>} */
const TONES = new Map(
  Object.entries({
    case: 0, status: 0, approved: 3, cron_job: 0, success: 3,
    access: 1, reports: 1, tier: 1,
    session: 2, settings: 2, assignment: 2,
    document: 3, exports: 3, resubmission: 3,
    review: 4, revisions_requested: 5, credit_reset: 4, hold: 5,
    system: 6, details: 6, corrections_needed: 4,
    note: 5, user: 7, other: 8, failure: 7,
  }),
);

/** The class of a colour. @param {string} code */
export const tone = (code) => `tone-${TONES.get(code) ?? 8}`;

/**
 * The points of a series, bucket by bucket.
 * @param {readonly Point[]} points
 * @returns {Bucket[]}
 */
export function buckets(points) {
  /** @type {Map<string, Bucket>} */
  const found = new Map();
  for (const { bucket_on: on, series, value } of points) {
    const bucket = found.get(on) ?? { on, values: new Map(), total: 0 };
    bucket.values.set(series, value);
    bucket.total += value;
    found.set(on, bucket);
  }
  return [...found.values()];
}

/**
 * @param {string} on
 * @param {Interval} interval
 */
const bucketName = (on, interval) => (interval === "day" ? day(on) : interval === "week" ? `Week from ${day(on)}` : month(on));

/**
 * @param {object} options
 * @param {string} options.title
 * @param {readonly Point[]} options.points
 * @param {readonly Series[]} options.series
 * @param {Interval} options.interval
 * @param {boolean} [options.grouped] side by side, for series that overlap
 * @param {(on: string) => string} [options.href] where the bar of a bucket leads
 */
export function barChart({ title, points, series, interval, grouped = false, href }) {
  const all = buckets(points);
  const shown = series.filter(([code]) => all.some((bucket) => bucket.values.get(code)));
  const height = (/** @type {Bucket} */ bucket) =>
    grouped ? Math.max(0, ...shown.map(([code]) => bucket.values.get(code) ?? 0)) : sum(bucket, shown);
  const ticks = scale(Math.max(1, ...all.map(height)));
  const top = ticks.at(-1) ?? 1;
  const y = (/** @type {number} */ value) => HEIGHT - (value / top) * (HEIGHT - 10);
  const step = 100 / Math.max(1, all.length);

  const readout = el("p", { class: "readout", "aria-hidden": "true" });
  const summary = `${number(all.reduce((total, bucket) => total + sum(bucket, shown), 0))} in ${number(all.length)} ${interval}${all.length === 1 ? "" : "s"}`;
  const says = (/** @type {Bucket} */ bucket) =>
    `${bucketName(bucket.on, interval)}: ` +
    (grouped ? "" : `${number(sum(bucket, shown))} – `) +
    (shown.filter(([code]) => bucket.values.get(code)).map(([code, name]) => `${name} ${number(bucket.values.get(code))}`).join(", ") || "none");
  readout.textContent = grouped ? "Point at a bar for its figures." : summary;

  const marks = all.map((bucket, at) => {
    const width = grouped ? (step * 0.8) / Math.max(1, shown.length) : step * 0.8;
    let base = 0;
    const rects = shown.map(([code], nth) => {
      const value = bucket.values.get(code) ?? 0;
      if (!value) return null;
      const rect = svg("rect", {
        class: tone(code),
        x: `${at * step + step * 0.1 + (grouped ? nth * width : 0)}%`,
        width: `${width}%`,
        y: y(base + value),
        height: Math.max(1, y(base) - y(base + value) - (base && !grouped ? 1 : 0)),
      });
      if (!grouped) base += value;
      return rect;
    });
    const text = says(bucket);
    return svg(
      "a",
      {
        class: "bucket",
        href: href?.(bucket.on),
        role: href ? null : "img",
        tabindex: at === all.length - 1 ? "0" : "-1",
        "aria-label": text,
        onfocus: () => (readout.textContent = text),
        onpointerenter: () => (readout.textContent = text),
      },
      svg("title", {}, text),
      svg("rect", { class: "hit", x: `${at * step}%`, width: `${step}%`, y: 0, height: HEIGHT }),
      ...rects,
    );
  });
  const every = Math.ceil(all.length / 8);
  const labels = all.map((bucket, at) => {
    if (at % every || (at && at > all.length - every / 2)) return null;
    const text = interval === "month" ? month(bucket.on) : shortDay(bucket.on);
    const odd = (at / every) % 2 === 1 ? "odd" : null;
    return svg("text", { x: `${(at + 0.5) * step}%`, y: HEIGHT + 18, "text-anchor": at === 0 && step < 8 ? "start" : "middle", class: odd }, text);
  });
  const plot = svg(
    "svg",
    { class: "plot", height: HEIGHT + 26, width: "100%", role: "group", "aria-label": `${title}. Arrow keys move from one to the next.`, onkeydown: move },
    ...ticks.map((tick) => svg("line", { class: "grid", x1: "0", x2: "100%", y1: y(tick), y2: y(tick) })),
    ...marks,
    ...labels,
  );
  const axis = svg(
    "svg",
    { class: "axis", height: HEIGHT + 26, width: 44, "aria-hidden": "true" },
    ...ticks.map((tick) => svg("text", { x: 38, y: y(tick) + 4, "text-anchor": "end" }, number(tick))),
  );
  const legend = el("ul", { class: "legend" }, ...shown.map(([code, name]) => el("li", {}, swatch(code), name)));
  return el(
    "figure",
    { class: "chart" },
    el("figcaption", {}, el("h2", {}, title), legend),
    el("div", { class: "plot-row" }, axis, plot),
    readout,
    asTable(title, () => bucketTable(title, all, shown, interval, grouped)),
  );
}

/**
 * @param {Bucket} bucket
 * @param {readonly Series[]} series
 */
const sum = (bucket, series) => series.reduce((total, [code]) => total + (bucket.values.get(code) ?? 0), 0);

/** One stop of the tab key for the whole chart; arrow keys go from bar to bar. @param {Event} event */
function move(event) {
  if (!(event instanceof KeyboardEvent) || !(event.currentTarget instanceof Element)) return;
  const all = [...event.currentTarget.querySelectorAll(".bucket")].filter((one) => one instanceof SVGElement);
  const at = all.findIndex((one) => one === document.activeElement);
  const steps = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 });
  const to = all[steps[event.key] ?? -1];
  if (!to) return;
  event.preventDefault();
  for (const one of all) one.setAttribute("tabindex", one === to ? "0" : "-1");
  to.focus();
}

/** At most five round numbers from zero to the one that holds the greatest value. @param {number} greatest */
function scale(greatest) {
  const power = 10 ** Math.floor(Math.log10(greatest / 4 || 1));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((size) => size * 4 >= greatest) ?? greatest);
  return Array.from({ length: Math.ceil(greatest / step) + 1 }, (_, at) => at * step);
}

/** @param {string} code */
const swatch = (code) => svg("svg", { class: "swatch", width: 10, height: 10, "aria-hidden": "true" }, svg("rect", { class: tone(code), width: 10, height: 10, rx: 2 }));

/**
 * The table of a chart, made when it is opened.
 * @param {string} title
 * @param {() => HTMLElement} make
 */
function asTable(title, make) {
  const place = el("div", {});
  return el(
    "details",
    { class: "as-table", ontoggle: () => place.firstChild || place.append(make()) },
    el("summary", {}, "Show as a table", el("span", { class: "unseen" }, `: ${title}`)),
    place,
  );
}

/**
 * @param {string} title
 * @param {Bucket[]} all
 * @param {readonly Series[]} series
 * @param {Interval} interval
 * @param {boolean} grouped
 */
function bucketTable(title, all, series, interval, grouped) {
  const numeric = { class: "numeric" };
  return el(
    "div",
    { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, title),
      el("thead", {}, el("tr", {}, ["From", ...series.map(([, name]) => name), ...(grouped ? [] : ["Total"])].map((name, at) => el("th", { scope: "col", class: at ? "numeric" : null }, name)))),
      el(
        "tbody",
        {},
        ...all.map((bucket) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, bucketName(bucket.on, interval)),
            ...series.map(([code]) => el("td", numeric, number(bucket.values.get(code) ?? 0))),
            !grouped && el("td", numeric, number(sum(bucket, series))),
          ),
        ),
      ),
    ),
  );
}

/** @typedef {{name: Child, count: number, percent?: number | null, tone?: string, href?: string, more?: Child[], current?: boolean}} Ranked */

/**
 * A table whose rows have a bar: it is its own alternative.
 * @param {object} options
 * @param {string} options.title
 * @param {readonly Ranked[]} options.rows
 * @param {readonly string[]} [options.columns] the headers of what `more` has
 * @param {string} [options.first] the header of the names
 * @param {string} [options.counted] the header of the counts
 * @param {number} [options.level] of the heading; 0 for none
 * @param {Child} [options.note]
 */
export function rankedBars({ title, rows, columns = [], first = "Name", counted = "Count", note }) {
  const greatest = Math.max(1, ...rows.map((row) => row.count));
  const shares = rows.some((row) => row.percent !== undefined);
  return el(
    "figure",
    { class: "ranked" },
    el("figcaption", {}, el("h2", {}, title), note),
    rows.length
      ? el(
          "div",
          { class: "scroll", role: "region", "aria-label": title, tabindex: "0" },
          el(
            "table",
            { class: "bars" },
            el("caption", { class: "unseen" }, title),
            el(
              "thead",
              {},
              el(
                "tr",
                {},
                el("th", { scope: "col" }, first),
                el("td", { class: "bar-cell" }),
                el("th", { scope: "col", class: "numeric" }, counted),
                shares && el("th", { scope: "col", class: "numeric" }, "Share"),
                ...columns.map((name) => el("th", { scope: "col" }, name)),
              ),
            ),
            el("tbody", {}, ...rows.map((row) => rankedRow(row, greatest, shares))),
          ),
        )
      : el("p", { class: "none" }, "Nothing in this period"),
  );
}

/**
 * @param {Ranked} row
 * @param {number} greatest
 * @param {boolean} shares
 */
function rankedRow(row, greatest, shares) {
  const bar = svg(
    "svg",
    { width: "100%", height: 12, "aria-hidden": "true" },
    svg("rect", { class: "track", width: "100%", height: 12, rx: 3 }),
    svg("rect", { class: tone(row.tone ?? "case"), width: `${(row.count / greatest) * 100}%`, height: 12, rx: 3 }),
  );
  const name = row.href ? el("a", { href: row.href, "aria-current": row.current ? "true" : null }, row.name) : row.name;
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, name),
    el("td", { class: "bar-cell" }, bar),
    el("td", { class: "numeric" }, number(row.count)),
    shares && el("td", { class: "numeric" }, percent(row.percent)),
    ...(row.more ?? []).map((cell) => el("td", {}, cell)),
  );
}

/**
 * @param {object} options
 * @param {string} options.title
 * @param {readonly {name: string, count: number, percent: number, tone: string, href?: string}[]} options.parts
 */
export function shareBar({ title, parts }) {
  const all = parts.reduce((total, part) => total + part.count, 0);
  let at = 0;
  const rects = parts.map((part) => {
    const width = all ? (part.count / all) * 100 : 0;
    const rect = svg("rect", { class: tone(part.tone), x: `${at}%`, width: `${width}%`, height: 18 });
    at += width;
    return rect;
  });
  return el(
    "figure",
    { class: "share" },
    el("figcaption", {}, el("h2", {}, title)),
    svg("svg", { class: "share-bar", width: "100%", height: 18, "aria-hidden": "true" }, svg("rect", { class: "track", width: "100%", height: 18 }), ...rects),
    el(
      "ul",
      { class: "share-parts" },
      ...parts.map((part) =>
        el(
          "li",
          {},
          swatch(part.tone),
          part.href ? el("a", { href: part.href }, part.name) : el("span", {}, part.name),
          el("strong", {}, number(part.count)),
          el("span", { class: "quiet" }, percent(part.percent)),
        ),
      ),
    ),
  );
}

/**
 * @param {readonly number[]} values
 * @param {string} title
 * @param {string} [code] of its colour
 */
export function sparkline(values, title, code = "case") {
  const greatest = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length);
  return svg(
    "svg",
    { class: "spark", width: "100%", height: 28, role: "img", "aria-label": `${title}: ${values.map(number).join(", ")}` },
    svg("title", {}, title),
    ...values.map((value, at) => {
      const height = value ? Math.max(2, (value / greatest) * 27) : 1;
      return svg("rect", { class: value ? tone(code) : "track", x: `${at * step}%`, width: `${step * 0.8}%`, y: 28 - height, height });
    }),
  );
}
