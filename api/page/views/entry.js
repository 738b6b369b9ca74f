// One entry of the audit log, as its own page: what a link to an entry leads to.

import {el} from "../dom.js";
import {entryParts, readEntry} from "../entry.js";
import {href} from "../route.js";

export const title = "Entry";
export const kind = "detail";

/** @param {Context} context */
export async function render(context) {
  const entry = await readEntry(context, context.path[0] ?? "");
  context.retitle(entry.action_label);
  return [el("section", "panel entry", ...entryParts(context, entry, id => href(["entry", id])))];
}
