// What changed, field by field: before → after.
//
//   fieldChanges(entry.before_after)      a <dl> of the fields by their labels: the telling ones first, the rest folded

import {el, quiet} from "./dom.js";
import {INSTANT, label, time} from "./format.js";

const FIRST = "status hold_reason tier assigned_to_id rejection_reason review_notes due_on credit_value urgency".split(" ");
const SHOWN = 4;

/** @param {readonly Changed[]} changes */
export function fieldChanges(changes) {
  if (!changes.length) return null;
  /** @param {Changed} given */
  const rank = ({field}) => FIRST.indexOf(field) + 1 || FIRST.length + 1;
  const sorted = [...changes].sort((a, b) => rank(a) - rank(b));
  const rest = sorted.splice(changes.length > SHOWN + 1 ? SHOWN : changes.length);
  return el(
    "div",
    {},
    list(sorted),
    rest.length > 0 && el("details", {}, el("summary", "quiet", `${rest.length} more fields`), list(rest))
  );
}

/** @param {readonly Changed[]} changes */
const list = changes =>
  el(
    "dl",
    "change",
    ...changes.flatMap(one => [
      el("dt", {}, one.field_label),
      el(
        "dd",
        {},
        one.from !== null && el("del", {}, value(one.field, one.from, one.from_label)),
        one.from !== null && " → ",
        one.to === null ? quiet("none") : el("ins", {}, value(one.field, one.to, one.to_label))
      )
    ])
  );

/** @param {string} field @param {string} text @param {string | null} name */
function value(field, text, name) {
  if (name) return name;
  if (INSTANT.test(text)) return time(text);
  return field === "status" || field === "tier" || field === "urgency" ? label(text) : text;
}
