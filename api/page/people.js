// Choosing a person: a text field that searches the accounts as one types, with the pattern of an ARIA combobox.
//
//   personPicker(context, {parameter: "actor_id", label: "By"})    sets the parameter in the address to the id of the chosen one
//   await namesOf(context, ids)                                    the names of those whom the caller may see

import {el, newId, quiet} from "./dom.js";
import {label as words} from "./format.js";
import {failureText} from "./states.js";

/** @param {Context} context @param {string[]} ids @returns {Promise<Map<string, string>>} */
export async function namesOf({api}, ids) {
  if (!ids.length) return new Map();
  const {data} = await api.get("/api/v1/users", {query: {id: ids, include_deleted: true, limit: 100}});
  return new Map(data.map(one => [one.id, one.full_name]));
}

/**
 * @param {Context} context
 * @param {{parameter: string, label: string, also?: Values, role?: readonly string[],
 *   onchoose?: (user: Schemas["UserSummary"]) => void}} options `also` is set with it; `onchoose` takes the place of the address
 */
export function personPicker(context, {parameter, label, also = {}, role, onchoose}) {
  const id = `choose-${parameter}`;
  const listId = newId("people");
  const list = el("ul", {id: listId, role: "listbox", "aria-label": label, hidden: true});
  const input = el("input", {
    id,
    type: "search",
    role: "combobox",
    autocomplete: "off",
    placeholder: "Name or email address",
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    oninput: search,
    onkeydown: keys,
    onblur: () => setTimeout(close, 150)
  });
  let timer = 0;
  let at = -1;
  /** @type {Schemas["UserSummary"][]} */
  let found = [];

  function search() {
    clearTimeout(timer);
    const q = input.value.trim();
    if (!q) return close();
    timer = setTimeout(async () => {
      const answer = await context.api
        .get("/api/v1/users", {query: {q, role, limit: 10, include_deleted: true}})
        .catch(failureText);
      if (input.value.trim() !== q || document.activeElement !== input) return;
      found = typeof answer === "string" ? [] : answer.data;
      show(typeof answer === "string" ? answer : "No people found");
    }, 200);
  }

  /** @param {string} none what to say where no one was found */
  function show(none) {
    at = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(
      ...found.map((user, index) =>
        el(
          "li",
          {
            id: `${listId}-${index}`,
            role: "option",
            "aria-selected": "false",
            onpointerdown: event => event.preventDefault(),
            onclick: () => choose(user)
          },
          user.full_name,
          " ",
          quiet(`${user.username} · ${words(user.role)}`)
        )
      ),
      ...(found.length ? [] : [el("li", {role: "option", "aria-disabled": "true", "aria-selected": "false"}, none)])
    );
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function close() {
    clearTimeout(timer);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  /** @param {Event} event */
  function keys(event) {
    if (!(event instanceof KeyboardEvent)) return;
    if (event.key === "Escape") return close();
    const chosen = found[at === -1 && found.length === 1 ? 0 : at];
    if (event.key === "Enter" && !list.hidden && chosen) {
      event.preventDefault();
      return choose(chosen);
    }
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || list.hidden || !found.length) return;
    event.preventDefault();
    at = (at + step + found.length + (at === -1 && step < 0 ? 1 : 0)) % found.length;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    list.children[at]?.scrollIntoView({block: "nearest"});
    input.setAttribute("aria-activedescendant", `${listId}-${at}`);
  }

  /** @param {Schemas["UserSummary"]} user */
  function choose(user) {
    close();
    input.value = "";
    if (onchoose) onchoose(user);
    else context.go({[parameter]: user.id, ...also});
  }
  return [el("label", {class: "inline", for: id}, label), el("div", "combo", input, list)];
}
