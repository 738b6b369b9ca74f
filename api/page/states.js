// What a view shows instead of its content: while it loads, when there is nothing, and when something went wrong.
//
//   loading("report")                          the space that the content will need, so that nothing moves when it comes
//   empty("No changes", "Nothing was …")       nothing there
//   failure(error, retry)                      refused, offline, unavailable, or any other error, with its request id

import {el, pushButton} from "./dom.js";
import {Problem, SignedOut, Unreachable} from "./api.js";

/** @param {Kind} kind */
export function loading(kind) {
  /** @param {string} size */
  const box = size => el("div", `skeleton ${size}`);
  const parts = {
    report: () => [
      el("div", "cards per-4", ...Array.from({length: 8}, () => box("card-size"))),
      box("chart-size"),
      box("table-size")
    ],
    list: () => [box("line-size"), box("table-size tall")],
    detail: () => [box("line-size"), el("div", "columns", box("table-size"), box("table-size"))]
  };
  return el("div", {class: "loading", "aria-label": "Loading"}, ...parts[kind]());
}

/** @param {string} title @param {string} [text] @param {...Child} more */
export function empty(title, text, ...more) {
  return el("div", "state", el("p", "state-title", title), text && el("p", {}, text), ...more);
}

/** @param {string} kind @param {string} title @param {string} text @param {...Child} more */
export const failed = (kind, title, text, ...more) =>
  el("div", {class: `state failed ${kind}`, role: "alert"}, el("h2", "state-title", title), el("p", {}, text), ...more);

/** @param {unknown} error @param {() => void} [retry] */
export function failure(error, retry) {
  const {title, text, kind} = explain(error);
  const request = error instanceof Problem && error.requestId;
  return failed(
    kind,
    title,
    text,
    request && el("p", "quiet", "Request id: ", el("code", {}, request)),
    retry && pushButton({onclick: retry}, "Try again")
  );
}

/** What went wrong, in a sentence. @param {unknown} error */
export const failureText = error => explain(error).text;

/** @param {unknown} error */
function explain(error) {
  if (error instanceof SignedOut) return {kind: "ended", title: "Signed out", text: error.message};
  if (error instanceof Unreachable) {
    const text = "Check the network connection. Your input is kept.";
    return {kind: "offline", title: "The service cannot be reached", text};
  }
  if (!(error instanceof Problem)) {
    return {kind: "broken", title: "This view could not be shown", text: error instanceof Error ? error.message : String(error)};
  }
  if (error.status === 403) return {kind: "refused", title: "Not permitted", text: error.detail};
  if (error.status === 404) return {kind: "absent", title: "Not found", text: error.detail};
  if (error.status === 503 || error.status === 429) {
    const after = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
    return {kind: "busy", title: "The service is not available at the moment", text: `${error.detail}${after}`};
  }
  return {kind: "broken", title: error.title, text: error.detail};
}
