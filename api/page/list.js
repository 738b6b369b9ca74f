// A list of items that are more than a table's row, with further pages on request.
//
//   pagedList({label: "History", page: answer, more: async (cursor) => nextAnswer, item: (row) => [nodes], class: "timeline"})

import { announce, append, el, pushButton } from "./dom.js";
import { failure } from "./states.js";
import { number } from "./format.js";

/**
 * @template R
 * @param {{label: string, class: string, item: (row: R) => Child[]} & Pick<PagedTable<R>, "page" | "more">} options
 */
export function pagedList({ label, page: first, more, item, class: name }) {
  /** @param {R} row */
  const line = (row) => el("li", {}, ...item(row));
  const list = el("ol", { class: name, "aria-label": label }, ...first.data.map(line));
  let { next_cursor: cursor } = first.page;
  const problem = el("div");
  const button = pushButton({ class: "more", onclick: next }, "Show more");
  const foot = el("div", { class: "pager", hidden: !cursor }, button);

  async function next() {
    if (!cursor) return;
    button.disabled = true;
    problem.replaceChildren();
    try {
      const answer = await more(cursor);
      const lines = answer.data.map(line);
      append(list, ...lines);
      cursor = answer.page.next_cursor;
      foot.hidden = !cursor;
      announce(`${number(list.children.length)} shown`);
      lines[0]?.querySelector("a")?.focus();
    } catch (error) {
      problem.replaceChildren(failure(error));
    }
    button.disabled = false;
  }
  return [list, foot, problem];
}
