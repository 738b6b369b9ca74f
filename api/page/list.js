// Further pages on request, below a table or below a list of items that are more than a table's row.
//
//   pagedList({label: "History", page: answer, more: async (cursor) => nextAnswer, item: (row) => [nodes], class: "timeline"})
//   pager({page: answer, more}, (rows) => place)       `place` takes the focus

import {announce, append, el, pushButton} from "./dom.js";
import {failure} from "./states.js";
import {number} from "./format.js";

/**
 * How many rows are shown, the button for the next page, and what went wrong with it.
 * @template R
 * @param {Pick<PagedTable<R>, "page" | "more">} answers
 * @param {(rows: readonly R[]) => HTMLElement | null | undefined} add
 */
export function pager({page: first, more}, add) {
  let {page} = first;
  let count = first.data.length;
  const counted = el("span", "quiet");
  const button = pushButton({class: "more", onclick: next}, "Show more");
  const problem = el("div");
  const describe = () => {
    const all = page.total === null ? "" : ` of ${number(page.total)}${page.total_is_capped ? " or more" : ""}`;
    counted.textContent = `${number(count)}${all} shown`;
    button.hidden = !page.has_more;
  };

  async function next() {
    if (!page.next_cursor) return;
    button.disabled = true;
    problem.replaceChildren();
    try {
      const answer = await more(page.next_cursor);
      const place = add(answer.data);
      count += answer.data.length;
      page = answer.page;
      describe();
      announce(counted.textContent);
      place?.focus();
    } catch (error) {
      // The view was left: its requests have ended.
      if (!(error instanceof DOMException)) problem.replaceChildren(failure(error));
    }
    button.disabled = false;
  }
  describe();
  return [el("div", "pager", counted, button), problem];
}

/**
 * @template R
 * @param {{label: string, class: string, item: (row: R) => Child[]} & Pick<PagedTable<R>, "page" | "more">} options
 */
export function pagedList({label, item, class: name, ...answers}) {
  const list = el("ol", {class: name, "aria-label": label});
  /** @param {readonly R[]} rows */
  const add = rows => {
    const lines = rows.map(row => el("li", {}, ...item(row)));
    append(list, ...lines);
    return lines[0]?.querySelector("a");
  };
  add(answers.page.data);
  const [foot, problem] = pager(answers, add);
  if (foot) foot.hidden = !answers.page.page.has_more;
  return [list, foot, problem];
}
