// Forms: a label, a hint and a problem at each field.
//
//   const form = problemForm({submit: "Place on hold", onsend: async (values) => { await api.post(…); }},
//     field({name: "reason", label: "Reason", required: true, multiline: true, hint: "The member reads it."}),
//     field({name: "tier", label: "Tier", options: [["tier_1", "Tier 1"]]}));
//
// `onsend` gets the values by name, as texts, and the Idempotency-Key of this attempt. If it throws a Problem, each of its errors
// is shown at the field that it names, and the rest above the form. The forms have no action: the page's policy forbids the
// browser to send them.

import {append, el, newId, pushButton, quiet} from "./dom.js";
import {Problem, newKey} from "./api.js";
import {failure} from "./states.js";

/** A select with its value. @param {Properties} properties @param {Choices} options @param {Value} [now] */
export const select = (properties, options, now) =>
  el("select", properties, ...options.map(([value, text]) => el("option", {value, selected: value === now}, text)));

/**
 * A select in a toolbar that sets the parameter of its name.
 * @param {Context} context @param {string} name @param {string} text @param {Choices} options @param {Value} [now]
 */
export function selectFilter(context, name, text, options, now = context.query.get(name)) {
  const onchange = () => context.go({[name]: choice.value});
  const choice = select({id: name, onchange}, options, now);
  return el("label", "inline", text, choice);
}

/**
 * A form of filters, which is never sent.
 * @param {string} name @param {(event: Event) => void} onchange @param {...Child} children
 */
export const filterForm = (name, onchange, ...children) =>
  el(
    "form",
    {class: name, role: "search", "aria-label": "Filters", onchange, onsubmit: event => event.preventDefault()},
    ...children
  );

/** What is searched for. @param {Context} context @param {string} placeholder */
export const searchField = ({query}, placeholder) =>
  el("input", {
    id: "f-q",
    name: "q",
    type: "search",
    class: "search",
    value: query.get("q"),
    placeholder,
    "aria-label": "Search"
  });

/** @param {Field} options */
export function field({name, label, hint, value, type = "text", required = false, multiline = false, options, more = {}}) {
  const id = newId(name);
  const attributes = {id, name, required, "aria-describedby": `${id}-hint ${id}-problem`, ...more};
  const control = options
    ? select(attributes, options, value)
    : multiline
      ? el("textarea", {rows: 4, ...attributes}, value)
      : type === "checkbox"
        ? el("input", {...attributes, type, value: "true", checked: value === "true"})
        : el("input", {...attributes, type, value});
  return el(
    "div",
    {class: type === "checkbox" ? "field check" : "field", "data-name": name},
    el("label", {for: id}, label, required ? quiet(" (required)") : null),
    control,
    el("div", {id: `${id}-hint`, class: "hint"}, hint),
    el("div", {id: `${id}-problem`, class: "field-problem"})
  );
}

/** @param {Form} options @param {...Child} children */
export function problemForm({submit, onsend, label, oncancel, danger = false}, ...children) {
  const problems = el("div", {class: "form-problem", role: "alert"});
  const button = el("button", {type: "submit", class: danger ? "danger" : "primary"}, submit);
  const form = el(
    "form",
    {novalidate: true, "aria-label": label, onsubmit: send},
    problems,
    ...children,
    el("div", "buttons", button, oncancel && pushButton({onclick: oncancel}, "Cancel"))
  );
  // While the service has not answered, sending the same again is the same attempt: it takes effect once.
  let [attempted, key] = ["", ""];

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (button.disabled) return;
    clear(form);
    problems.replaceChildren();
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      const given = [...new FormData(form).values()];
      const files = given.map(one => typeof one !== "string" && [one.name, one.size, one.lastModified]);
      const attempt = JSON.stringify([valuesOf(form), files]);
      if (attempt !== attempted) [attempted, key] = [attempt, newKey()];
      await onsend(valuesOf(form), form, key);
      attempted = "";
      form.reset();
    } catch (error) {
      if (error instanceof Problem) attempted = "";
      if (!(error instanceof DOMException)) showProblem(form, problems, error);
    } finally {
      button.disabled = false;
      form.removeAttribute("aria-busy");
    }
  }
  return form;
}

/** The texts of a form by their names. @param {HTMLFormElement} form @returns {Record<string, string>} */
export const valuesOf = form =>
  Object.fromEntries([...new FormData(form)].flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));

/**
 * Puts what was typed into forms, and not sent, into those that take their place.
 * @param {Element} before @param {readonly Child[]} nodes
 */
export function keepTyped(before, nodes) {
  const found = document.createElement("div");
  append(found, ...nodes);
  for (const form of before.querySelectorAll("form[aria-label]")) {
    const next = found.querySelector(`form[aria-label="${CSS.escape(form.ariaLabel ?? "")}"]`);
    for (const control of next ? form.querySelectorAll(/** @type {"input"} */ ("input[name], textarea[name]")) : []) {
      const same = next?.querySelector(/** @type {"input"} */ (`[name="${control.name}"]`));
      if (!same || control.type === "file" || control.value === control.defaultValue) continue;
      same.value = control.value;
      next?.closest("details")?.toggleAttribute("open", true);
    }
  }
  return [...found.childNodes];
}

/** @param {HTMLFormElement} form */
function clear(form) {
  for (const place of form.querySelectorAll(".field-problem")) place.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/** @param {HTMLFormElement} form @param {Element} problems @param {unknown} error */
function showProblem(form, problems, error) {
  const rest = [];
  for (const one of error instanceof Problem ? error.errors : []) {
    const name = one.pointer.split("/")[1] ?? "";
    const place = form.querySelector(`.field[data-name="${CSS.escape(name)}"]`);
    const control = place?.querySelector("input, select, textarea");
    if (!place || !(control instanceof HTMLElement)) {
      rest.push(`${one.pointer.replace(/^\//, "")} ${one.detail}`.trim());
      continue;
    }
    control.setAttribute("aria-invalid", "true");
    const text = place.querySelector(".field-problem");
    if (text) text.textContent = one.detail;
  }
  const first = form.querySelector("[aria-invalid]");
  if (!(error instanceof Problem)) problems.replaceChildren(failure(error));
  else if (!first || rest.length || error.status === 409) problems.replaceChildren(el("p", {}, error.detail));
  if (first instanceof HTMLElement) first.focus();
}
