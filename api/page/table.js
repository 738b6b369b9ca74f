// Tables: in a region that scrolls where they are wider than the screen, with headers that sort, and further pages on request.
//
//   table({label: "People", columns: [{label: "Name", cell: (row) => row.full_name}], rows})
//   pagedTable({label, columns, page: answer, more: async (cursor) => nextAnswer})       answer: {data, page}
//
// A column with `sort: "username"` has a header that links to `sort=username` and back to `-username`; it needs `context`.
// `numeric` aligns to the right; `counts("Open", "open_cases")` is a column of numbers. The first column names the row.

import {append, el} from "./dom.js";
import {pager} from "./list.js";
import {empty} from "./states.js";
import {number, time} from "./format.js";

/** A column of counts. @template {string} K @param {string} label @param {K} key @returns {Column<{[P in K]: number | null}>} */
export const counts = (label, key) => ({label, numeric: true, cell: row => number(row[key])});

/** A column of times. @template {string} K @param {string} label @param {K} key @returns {Column<{[P in K]: string | null}>} */
export const times = (label, key) => ({label, cell: row => time(row[key])});

/** @template R @param {Table<R>} options */
export function table({label, columns, rows, context, sort = "", none = "Nothing in this period"}) {
  if (!rows.length) return empty(none);
  const now = context?.query.get("sort") ?? sort;
  return el(
    "div",
    {class: "scroll", role: "region", "aria-label": label, tabindex: "0"},
    el(
      "table",
      {},
      el("caption", "unseen", label),
      el("thead", {}, el("tr", {}, ...columns.map(column => head(column, now, context)))),
      el("tbody", {}, ...rows.map(row => line(columns, row)))
    )
  );
}

/** @template R @param {Column<R>} column @param {string} now @param {Context | undefined} context */
function head({label, sort, numeric}, now, context) {
  if (!label) return el("td");
  const order = !sort ? null : now === sort ? "ascending" : now === `-${sort}` ? "descending" : "none";
  const attributes = {scope: "col", class: numeric ? "numeric" : null, "aria-sort": order};
  if (!sort || !context) return el("th", attributes, label);
  const next = order === "descending" || (order === "none" && !numeric) ? sort : `-${sort}`;
  const arrow = el(
    "span",
    {class: "arrow", "aria-hidden": "true"},
    order === "none" ? " ↕" : order === "ascending" ? " ▲" : " ▼"
  );
  return el("th", attributes, el("a", {id: `sort-${sort}`, class: "sort", href: context.link({sort: next})}, label, arrow));
}

/** @template R @param {Column<R>[]} columns @param {R} row */
const line = (columns, row) =>
  el(
    "tr",
    {},
    ...columns.map(({numeric, class: name, cell}, at) =>
      el(at ? "td" : "th", {class: numeric ? "numeric" : name, scope: at ? null : "row"}, cell(row))
    )
  );

/** @template R @param {PagedTable<R>} options */
export function pagedTable({page, more, ...options}) {
  const shown = table({...options, rows: page.data});
  const body = shown.querySelector("tbody");
  if (!body) return shown;
  const foot = pager({page, more}, rows => {
    const lines = rows.map(row => line(options.columns, row));
    append(body, ...lines);
    const cell = lines[0]?.querySelector("th");
    cell?.setAttribute("tabindex", "-1");
    return cell;
  });
  return el("div", {}, shown, ...foot);
}
