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

/** What waits until the pointer is released. @type {(() => void)[] | null} */
let waiting = null;
const release = () =>
  setTimeout(() => {
    const all = waiting;
    waiting = null;
    all?.forEach(one => one());
  });
addEventListener("pointerdown", () => void (waiting ??= []), true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, true);

/**
 * Changes parameters of the current view. A press on a link ends what is typed into a filter: the link stays until its click, and
 * where that leads is kept.
 * @param {Values} changes
 */
export function change(changes) {
  const before = parse(location.hash);
  const apply = () => {
    const {name, path, query} = parse(location.hash);
    const view = [name, ...path];
    if (href(view) !== href([before.name, ...before.path])) return;
    const own = Object.entries(changes).filter(([key]) => `${query.getAll(key)}` === `${before.query.getAll(key)}`);
    location.hash = href(view, withValues(query, Object.fromEntries(own)));
  };
  if (waiting) waiting.push(apply);
  else apply();
}

/** The period of a view, for links to another one. @param {URLSearchParams} query @returns {Values} */
export function periodOf(query) {
  return {period: query.get("period"), since: query.get("since"), until: query.get("until")};
}
