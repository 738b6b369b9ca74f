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

/** The period of a view, for links to another one. @param {URLSearchParams} query @returns {Values} */
export function periodOf(query) {
  return {period: query.get("period"), since: query.get("since"), until: query.get("until")};
}
