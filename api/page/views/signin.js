// Signing in. In a demo database, its accounts are buttons; elsewhere the service names none.

import {append, el, pushButton, quiet} from "../dom.js";
import {signIn} from "../api.js";
import {field, problemForm} from "../forms.js";
import {label} from "../format.js";
import {failure} from "../states.js";

export const title = "Sign in";

/** @param {Context} context */
export async function render({service, query, reload}) {
  /** @param {string} [username] @param {string} [password] */
  const enter = async (username = "", password = "") => {
    await signIn(username, password);
    reload();
  };
  const form = problemForm(
    {label: "Sign in", submit: "Sign in", onsend: ({username, password}) => enter(username, password)},
    field({name: "username", label: "Username", more: {autocomplete: "username", autocapitalize: "none", spellcheck: "false"}}),
    field({name: "password", label: "Password", type: "password", more: {autocomplete: "current-password"}})
  );
  const problem = el("div", {});
  const demo = service.demo_accounts.map(account =>
    pushButton(
      {
        "data-username": account.username,
        onclick: async () => {
          problem.replaceChildren();
          try {
            await enter(account.username, account.password);
          } catch (error) {
            append(problem, failure(error));
          }
        }
      },
      el("span", {}, account.display_name),
      quiet(label(account.role))
    )
  );
  return [
    query.get("ended") &&
      el("p", {role: "status", class: "panel"}, "Your session has ended. Sign in again to continue where you left off."),
    el("section", "panel", form),
    demo.length > 0 &&
      el(
        "section",
        "panel stack",
        el("h2", {}, "Demo accounts"),
        el("p", "hint", "This database holds demo data."),
        problem,
        el("div", "demo", demo)
      )
  ];
}
