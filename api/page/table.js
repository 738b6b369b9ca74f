// Tables: in a region that scrolls where they are wider than the screen, with headers that sort, and with further pages on request.
//
//   table({label: "People", columns: [{label: "Name", cell: (row) => row.full_name}], rows})
//   pagedTable({label, columns, page: answer, more: async (cursor) => nextAnswer})       answer: {data, page}
//   A column with `sort: "username"` has a header that links to `sort=username` and back to `-username`; give `context` for it.
//   `numeric: true` aligns to the right.

import { announce, append, el } from "./dom.js";
import { empty, failure } from "./states.js";
import { number } from "./format.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./app.js").Context} Context */
/** @typedef {{next_cursor: string | null, has_more: boolean, total: number | null, total_is_capped: boolean}} Page */
/**
 * @template R
 * @typedef {{label: string, cell: (row: R) => Child, sort?: string, numeric?: boolean, header?: boolean, class?: string}} Column
 */
/**
 * @template R
 * @typedef {object} Table
 * @property {string} label what the table shows, for its caption and its region
 * @property {Column<R>[]} columns the first one names the row
 * @property {readonly R[]} rows
 * @property {Context} [context] needed where a column sorts
 * @property {string} [sort] the order if the address has none
 * @property {string} [none] what to say without rows
 */

/**
 * @template R
 * @param {Table<R>} options
 */
export function table({ label, columns, rows, context, sort, none }) {
  if (!rows.length) return empty(none ?? "Nothing in this period");
  const now = context?.query.get("sort") ?? sort ?? "";
  const body = el("tbody", {}, ...rows.map((row) => line(columns, row)));
  return el(
    "div",
    { class: "scroll", role: "region", "aria-label": label, tabindex: "0" },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, label),
      el("thead", {}, el("tr", {}, ...columns.map((column) => head(column, now, context)))),
      body,
    ),
  );
}

/**
 * @template R
 * @param {Column<R>} column
 * @param {string} now
 * @param {Context | undefined} context
 */
function head(column, now, context) {
  const name = column.sort;
  const order = name === undefined ? null : now === name ? "ascending" : now === `-${name}` ? "descending" : "none";
  const attributes = { scope: "col", class: column.numeric ? "numeric" : null, "aria-sort": order };
  if (!name || !context) return el("th", attributes, column.label);
  const next = now === `-${name}` || (now !== name && !column.numeric) ? name : `-${name}`;
  const arrow = el("span", { class: "arrow", "aria-hidden": "true" }, order === "ascending" ? "▲" : order === "descending" ? "▼" : "↕");
  return el("th", attributes, el("a", { id: `sort-${name}`, class: "sort", href: context.link({ sort: next }) }, column.label, " ", arrow));
}

/**
 * @template R
 * @param {Column<R>[]} columns
 * @param {R} row
 */
function line(columns, row) {
  return el(
    "tr",
    {},
    ...columns.map((column, at) => {
      const attributes = { class: [column.numeric && "numeric", column.class].filter(Boolean).join(" ") || null };
      return at === 0 ? el("th", { ...attributes, scope: "row" }, column.cell(row)) : el("td", attributes, column.cell(row));
    }),
  );
}

/**
 * @template R
 * @param {Omit<Table<R>, "rows"> & {page: {data: readonly R[], page: Page}, more: (cursor: string) => Promise<{data: readonly R[], page: Page}>}} options
 */
export function pagedTable({ page: first, more, ...options }) {
  const shown = table({ ...options, rows: first.data });
  const body = shown.querySelector("tbody");
  if (!body) return shown;
  let count = first.data.length;
  let page = first.page;
  const counted = el("span", { class: "quiet" });
  const button = el("button", { type: "button", class: "more", onclick: next }, "Show more");
  const problem = el("div", {});
  const foot = el("div", { class: "pager" }, counted, button);
  const describe = () => {
    const all = page.total === null ? "" : ` of ${number(page.total)}${page.total_is_capped ? " or more" : ""}`;
    counted.textContent = `${number(count)}${all} shown${page.has_more || page.total !== null ? "" : ", the last one included"}`;
    button.hidden = !page.has_more;
  };

  async function next() {
    if (!page.next_cursor) return;
    button.disabled = true;
    problem.replaceChildren();
    try {
      const answer = await more(page.next_cursor);
      const rows = answer.data.map((row) => line(options.columns, row));
      append(/** @type {Element} */ (body), ...rows);
      count += rows.length;
      page = answer.page;
      describe();
      announce(counted.textContent ?? "");
      const cell = rows[0]?.querySelector("th");
      cell?.setAttribute("tabindex", "-1");
      cell?.focus();
    } catch (error) {
      problem.replaceChildren(failure(error));
    }
    button.disabled = false;
  }
  describe();
  return el("div", {}, shown, foot, problem);
}
