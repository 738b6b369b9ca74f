// Forms: a label, a hint and a problem at each field.
//
//   const form = problemForm({submit: "Place on hold", onsend: async (values) => { await api.post(…); }},
//     field({name: "reason", label: "Reason", required: true, multiline: true, hint: "The member reads it."}),
//     field({name: "tier", label: "Tier", options: [["tier_1", "Tier 1"]]}));
//
// `onsend` gets the values by name, as texts. If it throws a Problem, each of its errors is shown at the field that it names, and
// the rest above the form. The forms have no action: the page's policy forbids the browser to send them.

import { el, newId } from "./dom.js";
import { Problem, SignedOut } from "./api.js";
import { failure } from "./states.js";

/** @param {Field} options */
export function field({ name, label, hint, value, type = "text", required = false, multiline = false, options, more = {} }) {
  const id = newId(name);
  const attributes = { id, name, required, "aria-describedby": `${id}-hint ${id}-problem`, ...more };
  const control = options
    ? el("select", attributes, ...options.map(([code, text]) => el("option", { value: code, selected: code === value }, text)))
    : multiline
      ? el("textarea", { rows: 4, ...attributes }, value)
      : type === "checkbox"
        ? el("input", { ...attributes, type, value: "true", checked: value === "true" })
        : el("input", { ...attributes, type, value });
  return el(
    "div",
    { class: type === "checkbox" ? "field check" : "field", "data-name": name },
    el("label", { for: id }, label, required ? el("span", { class: "quiet" }, " (required)") : null),
    control,
    el("div", { id: `${id}-hint`, class: "hint" }, hint),
    el("div", { id: `${id}-problem`, class: "field-problem" }),
  );
}

/** @param {Form} options @param {...Child} children */
export function problemForm({ submit, onsend, label, oncancel, danger = false }, ...children) {
  const problems = el("div", { class: "form-problem", role: "alert" });
  const button = el("button", { type: "submit", class: danger ? "danger" : "primary" }, submit);
  const form = el(
    "form",
    { novalidate: true, "aria-label": label, onsubmit: send },
    problems,
    ...children,
    el("div", { class: "buttons" }, button, oncancel && el("button", { type: "button", onclick: oncancel }, "Cancel")),
  );

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (button.disabled) return;
    clear(form);
    problems.replaceChildren();
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      /** @type {Record<string, string>} */
      const values = {};
      for (const [name, value] of new FormData(form)) if (typeof value === "string") values[name] = value;
      await onsend(values, form);
    } catch (error) {
      if (error instanceof SignedOut) throw error;
      if (!(error instanceof DOMException)) showProblem(form, problems, error);
    } finally {
      button.disabled = false;
      form.removeAttribute("aria-busy");
    }
  }
  return form;
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
