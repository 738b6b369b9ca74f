// Charts in SVG. Widths are attributes in percent, so that a chart fits its place without a script, and texts keep their size.
// Every chart has a title, can be read with the keyboard, and is also there as a table.
//
//   barChart({title, points: report.timeseries, series: [["case", "Cases"]], interval: "day", href})    stacked, or `grouped`
//   rankedBars({title, rows: [{name, count, percent, tone: "case", href}], columns})                    horizontal bars
//   shareBar("Decisions", [{name, count, percent, tone}])                                               one bar of 100 percent
//   sparkline([3, 5, 2], "Holds per day")                                                               a trend in a card
//
// `tone` is the code of a category, a change type, a decision: equal codes have equal colours in every chart.

import {el, linkTo, svg} from "./dom.js";
import {day, month, number, percent, shortDay} from "./format.js";
import {table} from "./table.js";

const HEIGHT = 200;
const BAR = 12;

/** The codes of each colour. */
const TONES = [
  "case status cron_job",
  "access reports tier",
  "session settings assignment",
  "document exports resubmission approved",
  "review credit_reset corrections_needed",
  "note hold revisions_requested",
  "system details",
  "user"
].map(codes => codes.split(" "));

/** The class of a colour. @param {string} code */
export const tone = code => `tone-${(TONES.findIndex(codes => codes.includes(code)) + 9) % 9}`;

/** The points of a series, bucket by bucket. @param {readonly Point[]} points */
export function buckets(points) {
  /** @type {Map<string, Bucket>} */
  const found = new Map();
  for (const {bucket_on: on, series, value} of points) {
    const bucket = found.get(on) ?? {on, values: new Map(), total: 0};
    bucket.values.set(series, value);
    bucket.total += value;
    found.set(on, bucket);
  }
  return [...found.values()];
}

/** @param {Bucket} bucket @param {string} code */
const valueOf = (bucket, code) => bucket.values.get(code) ?? 0;

/** @param {string} on @param {Interval} interval */
const bucketName = (on, interval) => (interval === "day" ? day(on) : interval === "week" ? `Week from ${day(on)}` : month(on));

/** A column of the table of a chart. @param {string} label @param {(b: Bucket) => number} value @returns {Column<Bucket>} */
const figures = (label, value) => ({label, numeric: true, cell: bucket => number(value(bucket))});

/** @param {BarChart} chart */
export function barChart({title, points, series, interval, grouped = false, href}) {
  const all = buckets(points);
  const shown = series.filter(([code]) => all.some(bucket => valueOf(bucket, code)));
  /** @param {Bucket} bucket */
  const values = bucket => shown.map(([code]) => valueOf(bucket, code));
  /** @param {Bucket} bucket */
  const sum = bucket => values(bucket).reduce((a, b) => a + b, 0);
  const ticks = scale(Math.max(1, ...all.map(bucket => (grouped ? Math.max(0, ...values(bucket)) : sum(bucket)))));
  /** @param {number} value */
  const y = value => HEIGHT - (value / (ticks.at(-1) ?? 1)) * (HEIGHT - 10);
  const step = 100 / Math.max(1, all.length);
  const width = (step * 0.8) / (grouped ? Math.max(1, shown.length) : 1);
  const readout = el("p", {class: "readout", "aria-hidden": "true"});
  readout.textContent = grouped
    ? "Hover over a bar, or use the arrow keys, to see its figures."
    : `${number(all.reduce((total, bucket) => total + sum(bucket), 0))} in all`;

  const marks = all.map((bucket, at) => {
    const parts = shown
      .filter(([code]) => valueOf(bucket, code))
      .map(([code, name]) => `${name} ${number(valueOf(bucket, code))}`);
    const total = grouped ? "" : `${number(sum(bucket))} – `;
    const text = `${bucketName(bucket.on, interval)}: ${total}${parts.join(", ") || "none"}`;
    const say = () => (readout.textContent = text);
    let base = 0;
    const rects = shown.map(([code], nth) => {
      const value = valueOf(bucket, code);
      const top = y(base + value);
      const height = Math.max(1, y(base) - top - (base ? 1 : 0));
      if (!grouped) base += value;
      return (
        value > 0 &&
        svg("rect", {
          class: tone(code),
          x: `${at * step + step * 0.1 + (grouped ? nth * width : 0)}%`,
          width: `${width}%`,
          y: top,
          height
        })
      );
    });
    return svg(
      "a",
      {
        class: "bucket",
        href: href?.(bucket.on),
        role: href ? null : "img",
        tabindex: at === all.length - 1 ? "0" : "-1",
        "aria-label": text,
        onfocus: say,
        onpointerenter: say
      },
      svg("title", {}, text),
      svg("rect", {class: "hit", x: `${at * step}%`, width: `${step}%`, y: 0, height: HEIGHT}),
      ...rects
    );
  });
  const every = Math.ceil(all.length / 8);
  const labels = all.map(({on}, at) => {
    if (at % every || (at && at > all.length - every / 2)) return null;
    const anchor = at === 0 && step < 8 ? "start" : "middle";
    const name = (at / every) % 2 ? "odd" : null;
    return svg(
      "text",
      {x: `${(at + 0.5) * step}%`, y: HEIGHT + 18, "text-anchor": anchor, class: name},
      interval === "month" ? month(on) : shortDay(on)
    );
  });
  const height = HEIGHT + 26;
  return el(
    "figure",
    "chart",
    el(
      "figcaption",
      {},
      el("h2", {}, title),
      el("ul", "legend", ...shown.map(([code, name]) => el("li", {}, swatch(code), name)))
    ),
    el(
      "div",
      "plot-row",
      svg(
        "svg",
        {class: "axis", height, width: 44, "aria-hidden": "true"},
        ...ticks.map(tick => svg("text", {x: 38, y: y(tick) + 4, "text-anchor": "end"}, number(tick)))
      ),
      svg(
        "svg",
        {
          class: "plot",
          height,
          width: "100%",
          role: "group",
          "aria-label": `${title}. Arrow keys move from one to the next.`,
          onkeydown: move
        },
        ...ticks.map(tick => svg("line", {class: "grid", x1: "0", x2: "100%", y1: y(tick), y2: y(tick)})),
        ...marks,
        ...labels
      )
    ),
    readout,
    asTable(title, () =>
      table({
        label: title,
        rows: all,
        columns: [
          {label: "From", cell: bucket => bucketName(bucket.on, interval)},
          ...shown.map(([code, name]) => figures(name, bucket => valueOf(bucket, code))),
          ...(grouped ? [] : [figures("Total", sum)])
        ]
      })
    )
  );
}

/** One stop of the tab key for the whole chart; arrow keys go from bar to bar. @param {Event} event */
function move(event) {
  if (!(event instanceof KeyboardEvent) || !(event.currentTarget instanceof Element)) return;
  const all = [...event.currentTarget.querySelectorAll("a")];
  const at = all.findIndex(one => one === document.activeElement);
  /** @type {Record<string, number>} */
  const places = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1};
  const to = all[places[event.key] ?? -1];
  if (!to) return;
  event.preventDefault();
  for (const one of all) one.setAttribute("tabindex", one === to ? "0" : "-1");
  to.focus();
}

/** At most five round numbers from zero to the one that holds the greatest value. @param {number} greatest */
function scale(greatest) {
  const power = 10 ** Math.floor(Math.log10(greatest / 4));
  const step = Math.max(1, [1, 2, 5, 10].map(factor => factor * power).find(size => size * 4 >= greatest) ?? greatest);
  return Array.from({length: Math.ceil(greatest / step) + 1}, (_, at) => at * step);
}

/** @param {string} code */
const swatch = code =>
  svg("svg", {width: 10, height: 10, "aria-hidden": "true"}, svg("rect", {class: tone(code), width: 10, height: 10, rx: 2}));

/** The table of a chart, made when it is opened. @param {string} title @param {() => HTMLElement} make */
function asTable(title, make) {
  const place = el("div");
  return el(
    "details",
    {class: "as-table", ontoggle: () => place.firstChild || place.append(make())},
    el("summary", {}, "Show as a table", el("span", "unseen", `: ${title}`)),
    place
  );
}

/** @type {Column<Ranked>} */
const SHARE = {label: "Share", numeric: true, cell: row => percent(row.percent)};
/** @param {string} label @param {number} at @returns {Column<Ranked>} */
const further = (label, at) => ({label, cell: row => row.more?.[at]});

/** A table whose rows have a bar: it is its own alternative. @param {RankedBars} bars */
export function rankedBars({title, rows, columns = [], first = "Name", counted = "Count", note}) {
  const greatest = Math.max(1, ...rows.map(row => row.count));
  /** @param {Ranked} row */
  const bar = row =>
    svg(
      "svg",
      {width: "100%", height: BAR, "aria-hidden": "true"},
      svg("rect", {class: "track", width: "100%", height: BAR, rx: 3}),
      svg("rect", {class: tone(row.tone ?? "case"), width: `${(row.count / greatest) * 100}%`, height: BAR, rx: 3})
    );
  return el(
    "figure",
    "ranked",
    el("figcaption", {}, el("h2", {}, title), note),
    table({
      label: title,
      rows,
      columns: [
        {
          label: first,
          cell: row => (row.href ? el("a", {href: row.href, "aria-current": row.current && "true"}, row.name) : row.name)
        },
        {label: "", class: "bar-cell", cell: bar},
        {label: counted, numeric: true, cell: row => number(row.count)},
        ...(rows.some(row => row.percent !== undefined) ? [SHARE] : []),
        ...columns.map(further)
      ]
    })
  );
}

/** @param {string} title @param {readonly Part[]} parts */
export function shareBar(title, parts) {
  let at = 0;
  const rects = parts.map(part => {
    const rect = svg("rect", {class: tone(part.tone), x: `${at}%`, width: `${part.percent}%`, height: 18});
    at += part.percent;
    return rect;
  });
  return el(
    "figure",
    "share",
    el("figcaption", {}, el("h2", {}, title)),
    svg(
      "svg",
      {class: "share-bar", width: "100%", height: 18, "aria-hidden": "true"},
      svg("rect", {class: "track", width: "100%", height: 18}),
      ...rects
    ),
    el(
      "ul",
      "legend",
      ...parts.map(part =>
        el(
          "li",
          {},
          swatch(part.tone),
          part.href ? linkTo(part.href, part.name) : part.name,
          el("strong", {}, number(part.count)),
          percent(part.percent)
        )
      )
    )
  );
}

/** @param {readonly number[]} values @param {string} title @param {string} [code] of its colour */
export function sparkline(values, title, code = "case") {
  const greatest = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length);
  return svg(
    "svg",
    {class: "spark", width: "100%", height: 28, role: "img", "aria-label": `${title}: ${values.map(number).join(", ")}`},
    svg("title", {}, title),
    ...values.map((value, at) => {
      const height = value ? Math.max(2, (value / greatest) * 27) : 1;
      return svg("rect", {
        class: value ? tone(code) : "track",
        x: `${at * step}%`,
        width: `${step * 0.8}%`,
        y: 28 - height,
        height
      });
    })
  );
}
