// The drawer at the right that shows the entry that the address names: `#/log?outcome=denied&entry=<id>`.
//
//   showEntry(context, async (id) => entry)      in a view's render; does nothing if the address names no entry
//
// Escape, the button, a click beside it, and the way back in the history close it. The focus returns to the link that opened it,
// by its id, or to the link `entry-<id>`.

import {append, byId, el, pushButton, replace} from "./dom.js";
import {SignedOut} from "./api.js";
import {parse} from "./route.js";
import {failure, loading} from "./states.js";
import {entryParts} from "./entry.js";

const body = el("div", "drawer-body");
const title = el("h2", {id: "drawer-title", tabindex: "-1"});
/** @type {HTMLDialogElement} */
const dialog = el(
  "dialog",
  {
    class: "drawer",
    "aria-labelledby": "drawer-title",
    oncancel: leave,
    onclick: event => event.target === dialog && leave(event)
  },
  el("div", "drawer-head", title, pushButton({class: "small", onclick: leave}, "Close")),
  body
);
let shown = "";
let opener = "";
let close = () => {};

/** @param {Event} event */
function leave(event) {
  event.preventDefault();
  close();
}

addEventListener("hashchange", () => {
  if (!shown || parse(location.hash).query.has("entry")) return;
  const ids = [opener, `entry-${shown}`];
  shown = "";
  dialog.close();
  // After the view has put its nodes back, which takes the focus from them.
  setTimeout(() => {
    const link = ids.map(id => document.getElementById(id)).find(found => found !== null);
    if (document.activeElement === document.body) (link ?? byId("main")).focus();
  }, 100);
});

/**
 * @param {Context} context
 * @param {(id: string) => Promise<Schemas["AuditEntry"] & Partial<Schemas["AuditEntryDetail"]>>} read
 */
export async function showEntry(context, read) {
  const id = context.query.get("entry");
  if (!id || (dialog.open && id === shown)) return;
  shown = id;
  close = () => context.go({entry: null});
  title.textContent = "Entry";
  replace(body, loading("detail"));
  if (!dialog.isConnected) append(document.body, dialog);
  if (!dialog.open) {
    opener = document.activeElement?.id ?? "";
    dialog.showModal();
  }
  title.focus();
  try {
    const entry = await read(id);
    if (shown !== id) return;
    title.textContent = entry.action_label;
    replace(body, ...entryParts(context, entry, other => context.link({entry: other})));
    body.scrollTop = 0;
  } catch (error) {
    if (context.signal.aborted || shown !== id) return;
    if (error instanceof SignedOut) throw error;
    replace(body, failure(error));
  }
}
