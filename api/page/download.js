// Saves a file that the API answers: a CSV, an export, a document. Shows how far it is, and can be cancelled.
//
//   downloadButton(context, {text: "Download CSV", path: "/api/v1/reports/activity-summary.csv", query})

import {announce, el, pushButton} from "./dom.js";
import {bytes} from "./format.js";
import {failureText} from "./states.js";

/** @template {PathWith<"get">} P @param {Context} context @param {Download<P>} options */
export function downloadButton(context, {text, path, values, query, id = "download", class: name}) {
  const words = el("span", {}, text);
  const button = pushButton({id, class: name, onclick: toggle}, words);
  /** @type {AbortController | null} */
  let running = null;

  async function toggle() {
    if (running) {
      running.abort();
      return;
    }
    running = new AbortController();
    words.textContent = "Cancel";
    announce("The download has begun.");
    try {
      /** @param {number} done */
      const progress = done => (words.textContent = `Cancel (${bytes(done)})`);
      const file = await context.api.file(path, {
        ...(values && {path: values}),
        ...(query && {query}),
        progress,
        signal: running.signal
      });
      save(file.blob, file.name);
      announce(`${file.name} was saved.`);
    } catch (error) {
      if (error instanceof DOMException) announce("The download was cancelled.");
      else context.tell(error instanceof TypeError ? "The download was interrupted, and no file was saved." : failureText(error));
    }
    words.textContent = text;
    running = null;
  }
  return button;
}

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
