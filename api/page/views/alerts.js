// The caller's alerts: newest first, unread ones marked. Reading leaves no entry in the log, the first dismissal does.

import {el, pushButton} from "../dom.js";
import {label, named, number, time} from "../format.js";
import {badge, choices} from "../report.js";
import {pagedList} from "../list.js";
import {href} from "../route.js";
import {empty, failureText} from "../states.js";

export const title = "Alerts";
export const kind = "list";

const TONES = new Map([
  ["warning", "warn"],
  ["critical", "bad"]
]);

/** @param {Context} context */
export async function render(context) {
  const {query, api, account, tell} = context;
  const show = query.get("show");
  const chosen = {
    severity: query.getAll("severity"),
    is_dismissed: show === "dismissed",
    ...(show === "unread" && {is_read: false})
  };
  /** @param {string} [cursor] */
  const read = cursor => api.get("/api/v1/alerts", {query: {...chosen, cursor}});
  const page = await read();
  const unread = account?.unread_alerts ?? 0;
  /** After a change: the badge in the navigation, and the list. @param {Promise<unknown>} work @param {string} words */
  const after = async (work, words) => {
    try {
      await work;
      await context.refreshAccount();
      context.reload();
      tell(words);
    } catch (error) {
      tell(failureText(error));
    }
  };
  /** @param {string} id @param {string} text @param {string} about @param {() => void} onclick */
  const button = (id, text, about, onclick) => pushButton({id, class: "small", "aria-label": `${text}: ${about}`, onclick}, text);
  /** @param {Schemas["Alert"]} alert */
  const item = alert => {
    const path = {alert_id: alert.id};
    return [
      el(
        "div",
        alert.read_at ? "alert" : "alert unread",
        el(
          "p",
          "note-head",
          badge(alert.severity, label(alert.severity), TONES.get(alert.severity) ?? "info"),
          !alert.read_at && badge("unread", "Unread", "info"),
          time(alert.raised_at)
        ),
        el("h2", {}, alert.title),
        el("p", "prose", alert.message),
        el(
          "div",
          "buttons",
          alert.case && el("a", {class: "button small", href: href(["case", alert.case.id])}, `Open ${alert.case.case_number}`),
          !alert.read_at &&
            button(
              `read-${alert.id}`,
              "Mark as read",
              alert.title,
              () => void after(api.post("/api/v1/alerts/{alert_id}/read", {path}), "Marked as read.")
            ),
          !alert.dismissed_at &&
            button(
              `dismiss-${alert.id}`,
              "Dismiss",
              alert.title,
              () => void after(api.post("/api/v1/alerts/{alert_id}/dismiss", {path}), "Dismissed.")
            )
        )
      )
    ];
  };
  const none = show === "unread" ? "No unread alerts" : show === "dismissed" ? "No dismissed alerts" : "No alerts";
  return [
    el(
      "div",
      "tools",
      choices(context, "show", "Which alerts", [
        ["", "Open"],
        ["unread", `Unread (${number(unread)})`],
        ["dismissed", "Dismissed"]
      ]),
      choices(context, "severity", "Severity", [["", "Any"], ...named(["info", "warning", "critical"])], true),
      unread > 0 &&
        pushButton(
          {id: "read-all", onclick: () => void after(api.post("/api/v1/alerts/read-all"), "All alerts are read.")},
          "Mark all as read"
        )
    ),
    page.data.length
      ? el("section", "panel", ...pagedList({label: "Alerts, newest first", class: "alerts", page, more: read, item}))
      : empty(none)
  ];
}
