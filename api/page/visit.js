// Keeps what a view shows while only the opened entry in its address changes: nothing is read again, and nothing that was typed
// is lost.
//
//   export const toolbar = (context) => visitToolbar(context, (inner) => controls);
//   export const render = (context) => visit(context, async (inner) => nodes);
//
// `inner` lasts until another parameter changes or the view is left: so do its requests. Its `reload` reads the view again.

import {parse, withValues} from "./route.js";
import {connect} from "./api.js";

/** @type {{key: string, controller: AbortController, inner: Context, tools?: Child[], work?: Promise<Child[]>} | null} */
let last = null;

function keyNow() {
  const {name, path, query} = parse(location.hash);
  return `${[name, ...path].join("/")}?${withValues(query, {entry: null})}`;
}

function end() {
  last?.controller.abort();
  last = null;
}

addEventListener("hashchange", () => {
  if (last && last.key !== keyNow()) end();
});

/** @param {Context} context */
function current(context) {
  const key = keyNow();
  if (last?.key === key) return last;
  end();
  const controller = new AbortController();
  const {signal} = controller;
  /** @type {Context} */
  const inner = {
    ...context,
    signal,
    api: connect(signal),
    link: changes => context.link({entry: null, ...changes}),
    go: changes => context.go({entry: null, ...changes}),
    reload: () => {
      end();
      context.reload();
    }
  };
  last = {key, controller, inner};
  return last;
}

/** @param {Context} context @param {(inner: Context) => Child[]} make */
export function visitToolbar(context, make) {
  const now = current(context);
  now.tools ??= make(now.inner);
  return now.tools;
}

/** @param {Context} context @param {(inner: Context) => Promise<Child[]>} make */
export async function visit(context, make) {
  const now = current(context);
  now.work ??= make(now.inner);
  try {
    return await now.work;
  } catch (error) {
    delete now.work;
    throw error;
  }
}
