// The parts of an audit entry: what happened, what changed, its metadata, and what else the same request left.
//
//   entryParts(context, entry, (id) => link)      for the drawer and the view of an entry
//   changeList(entry.changes)                     the changes as texts, without technical fields, for fieldChanges()
//   outcome(entry)                                a badge unless it was a success

import {announce, el, linkTo, pushButton, quiet} from "./dom.js";
import {INSTANT, category, label, number, person, time} from "./format.js";
import {href} from "./route.js";
import {badge} from "./report.js";
import {save} from "./download.js";

/** @typedef {Schemas["AuditEntry"] & Partial<Schemas["AuditEntryDetail"]>} Entry */

const CODES = "status tier urgency role visibility document_type review_status rejection_reason user_level".split(" ");
/** Fields that a timeline leaves out. */
const TECHNICAL = "case_id author_id uploaded_by_id content_type sha256 size_bytes previous_status".split(" ");
/** @param {string} name */
const isCode = name => CODES.some(code => name === code || name.endsWith(`_${code}`));

/** @param {Context} context @param {string} id */
export const readEntry = ({api}, id) => api.get("/api/v1/audit-log/{entry_id}", {path: {entry_id: id}});

/** @param {Pick<Entry, "outcome">} entry */
export const outcome = ({outcome: code}) => code !== "success" && badge(code, label(code), code === "denied" ? "warn" : "bad");

/** @param {readonly (readonly [string, Child] | false | null)[]} list */
export const facts = list =>
  el("dl", "facts", ...list.flatMap(one => (one && one[1] ? [el("dt", {}, one[0]), el("dd", {}, one[1])] : [])));

/** @param {unknown} value @param {string} name @returns {string | null} */
function text(value, name) {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") return isCode(name) ? label(String(value)) : String(value);
  if (Array.isArray(value)) return value.join(", ");
  return "length" in value ? `${number(Number(value.length))} characters` : JSON.stringify(value);
}

/** @param {Entry["changes"]} changes @returns {Changed[]} */
export const changeList = changes =>
  Object.entries(changes)
    .filter(([field]) => !TECHNICAL.includes(field))
    .map(([field, one]) => ({...one, field, from: text(one.from, field), to: text(one.to, field)}));

/** @param {string} name @param {unknown} value @param {string | null} [words] @returns {Child} */
function shown(name, value, words) {
  if (value === null || value === undefined) return quiet("none");
  if (words) return el("span", {title: String(value)}, words);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return INSTANT.test(value) ? time(value) : isCode(name) ? label(value) : value;
  return el("pre", {}, JSON.stringify(value, null, 2));
}

/** @param {Entry} entry */
const changeTable = ({changes}) =>
  el(
    "div",
    {class: "scroll", role: "region", "aria-label": "Changes", tabindex: "0"},
    el(
      "table",
      "changes",
      el("thead", {}, el("tr", {}, ...["Field", "Before", "After"].map(name => el("th", {scope: "col"}, name)))),
      el(
        "tbody",
        {},
        ...Object.entries(changes).map(([name, one]) =>
          el(
            "tr",
            {},
            el("th", {scope: "row"}, one.field_label),
            el("td", {}, shown(name, one.from, one.from_label)),
            el("td", {}, el("strong", {}, shown(name, one.to, one.to_label)))
          )
        )
      )
    )
  );

/** @param {string} title @param {...Child} children */
const part = (title, ...children) => el("section", "entry-part", el("h2", {}, title), ...children);

/** @param {Context} context @param {Entry} entry @param {(id: string) => string} link */
export function entryParts(context, entry, link) {
  const {actor, case: about, document: file, related_user: related, metadata, siblings, changes} = entry;
  const reads = context.can("read_audit_log");
  /** @param {Values} values @param {Child} words */
  const inLog = (values, words) => (reads ? linkTo(href("log", values), words) : words);
  const keys = Object.entries(metadata);
  return [
    el("p", "lead", entry.description, " ", outcome(entry)),
    facts([
      ["Time", time(entry.occurred_at)],
      ["By", actor ? inLog({actor_id: actor.id}, person(actor.full_name, actor.username)) : label(entry.actor_label)],
      ["Role", actor && label(actor.role)],
      ["API key", entry.api_key_name && entry.api_key_id && inLog({api_key_id: entry.api_key_id}, entry.api_key_name)],
      ["Case", about && linkTo(href(["case", about.id]), about.case_number)],
      ["Document", file?.filename],
      ["About", related && inLog({related_user_id: related.id}, person(related.full_name, related.username))],
      ["Category", category(entry.category)],
      ["Source", label(entry.source)],
      ["Address", entry.ip_address && inLog({ip_address: entry.ip_address}, entry.ip_address)],
      ["Browser", entry.user_agent && el("span", "agent", entry.user_agent)],
      ["Request", inLog({request_id: entry.request_id}, el("code", {}, entry.request_id))],
      ["Sealed as", entry.sequence !== null && `No. ${number(entry.sequence)}`]
    ]),
    Object.keys(changes).length > 0 && part("What changed", changeTable(entry)),
    keys.length > 0 &&
      part("Details", facts(keys.map(([name, value]) => [label(name), shown(name, value)]))),
    siblings?.length &&
      part(
        "Other entries of this request",
        el(
          "ul",
          "siblings",
          ...siblings.map(one =>
            el("li", {}, linkTo(link(one.id), one.action_label), " ", outcome(one), quiet(` ${one.description}`))
          )
        )
      ),
    el(
      "div",
      "buttons",
      copyButton("Copy as JSON", () => JSON.stringify(entry, null, 2), `entry-${entry.id}.json`),
      reads && copyButton("Copy the link", () => new URL(href(["entry", entry.id]), document.baseURI).href, "link.txt")
    )
  ];
}

/**
 * Copies a text. The clipboard exists in secure contexts only; elsewhere the text is saved as a file.
 * @param {string} name @param {() => string} make @param {string} file
 */
function copyButton(name, make, file) {
  const button = pushButton({class: "small", onclick: copy}, name);
  async function copy() {
    try {
      await navigator.clipboard.writeText(make());
      button.textContent = "Copied";
      announce("Copied.");
    } catch {
      save(new Blob([make()], {type: "text/plain"}), file);
      button.textContent = "Saved as a file";
    }
    setTimeout(() => (button.textContent = name), 2000);
  }
  return button;
}
