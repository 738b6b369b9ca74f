// Creates elements. Texts are always text nodes, so that markup in a name or a reason is shown and never run.
//
//   el("a", {class: "badge", href: "#/log", onclick: open}, "Log ", el("b", {}, 12))
//   el("p", "note", "A class alone is enough")
//   svg("rect", {x: "10%", width: "5%", class: "series-2"})
//   linkTo(href("log"), "Log")    pushButton({id: "print", onclick}, "Print")    quiet("none")
//
// A property whose name begins with "on" is an event listener, `true` an attribute without a value; null, undefined and false
// are left out, also among the children.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Properties | string} [properties] or the class alone
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Properties | string} [properties] or the class alone
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

/** @template {Element} E @param {E} element @param {Properties | string} properties @param {readonly Child[]} children */
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(typeof properties === "string" ? {class: properties} : properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, ...children);
  return element;
}

/** @param {string | undefined} href @param {...Child} children */
export const linkTo = (href, ...children) => el("a", {href}, ...children);

/** A button that sends no form. @param {Properties} properties @param {...Child} children */
export const pushButton = (properties, ...children) => el("button", {type: "button", ...properties}, ...children);

/** Words that matter less. @param {...Child} children */
export const quiet = (...children) => el("span", "quiet", ...children);

/** Appends what is there of the children. @param {Element | DocumentFragment} parent @param {...Child} children */
export function append(parent, ...children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(typeof child === "number" ? String(child) : child);
  }
}

/** Replaces everything in an element. @param {Element} parent @param {...Child} children */
export function replace(parent, ...children) {
  parent.replaceChildren();
  append(parent, ...children);
}

/** The element of the page with an id. The frame in index.html has it. @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
}

/** Says something to readers of the screen, without moving the focus. @param {string} text */
export function announce(text) {
  const status = byId("status");
  status.textContent = "";
  setTimeout(() => (status.textContent = text), 50);
}

let last = 0;

/** A new id for an element that another one names. @param {string} prefix */
export const newId = prefix => `${prefix}-${++last}`;
