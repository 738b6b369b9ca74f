// The address of a view: `#/log?action_type=case_held&since=2026-11-16`, `#/case/<id>`. Everything chosen stands in it.
//
//   href("log", {action_type: ["case_held", "case_resumed"], since: day})   → a link to another view
//   href(["case", id])                                                      → with a path
//   context.link({sort: "-username"})                                       → the current view with other parameters
//   context.go({outcome: null})                                             → goes there

/** Sets parameters; an empty value removes one. @param {URLSearchParams} query @param {Values} values */
export function withValues(query, values) {
  const changed = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    changed.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") changed.append(name, String(one));
    }
  }
  return changed;
}

/**
 * @param {string | readonly string[]} view the name of the view, or the name and its path
 * @param {Values | URLSearchParams} [values]
 */
export function href(view, values = {}) {
  const path = (typeof view === "string" ? [view] : view).map(encodeURIComponent).join("/");
  const query = values instanceof URLSearchParams ? values : withValues(new URLSearchParams(), values);
  const text = query.toString();
  return `#/${path}${text ? `?${text}` : ""}`;
}

/** @param {string} hash @returns {Route} */
export function parse(hash) {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name = "", ...rest] = path.split("/").map(decoded);
  return {name, path: rest, query: new URLSearchParams(query)};
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether the pointer is pressed: what it is on stays until its click. */
let pressed = false;
/** What is changed then, and the address before. @type {{hash: string, changes: Values} | null} */
let waiting = null;

/** @param {string} hash */
const viewOf = hash => hash.split("?")[0];

function apply() {
  pressed = false;
  if (!waiting) return;
  const {hash, changes} = waiting;
  waiting = null;
  if (viewOf(hash) !== viewOf(location.hash)) return;
  const before = parse(hash).query;
  const {name, path, query} = parse(location.hash);
  // What the click has set is kept.
  const own = Object.entries(changes).filter(([key]) => `${query.getAll(key)}` === `${before.getAll(key)}`);
  const to = href([name, ...path], withValues(query, Object.fromEntries(own)));
  if (hash === location.hash) location.hash = to;
  else location.replace(to);
}

const release = () => setTimeout(apply);
addEventListener("pointerdown", ({isPrimary, button}) => (pressed ||= isPrimary && !button), true);
// A tap is a click only some time after it ended.
addEventListener("pointerup", ({pointerType}) => setTimeout(apply, pointerType === "mouse" ? 0 : 400), true);
for (const end of ["pointercancel", "contextmenu", "blur"]) addEventListener(end, release);
/** @param {Event} event */
const onclick = ({target}) => {
  const link = target instanceof Element && target.closest(/** @type {"a"} */ (".clear, #nav a"));
  if (link && link.hash !== location.hash) waiting = null;
  release();
};
addEventListener("click", onclick, true);

/**
 * Changes parameters of the current view. A press on a link ends what is typed into a filter: both have their effect, unless the
 * link leads to another view or clears the filters.
 * @param {Values} changes
 */
export function change(changes) {
  waiting = {hash: waiting?.hash ?? location.hash, changes: {...waiting?.changes, ...changes}};
  if (!pressed) apply();
}

/** The period of a view, for links to another one. @param {URLSearchParams} query @returns {Values} */
export function periodOf(query) {
  return {period: query.get("period"), since: query.get("since"), until: query.get("until")};
}
