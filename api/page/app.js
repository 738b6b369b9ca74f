// The frame of the page: the address leads to a view, the session says which ones there are.
//
// A view is a module in views/ that exports
//   title                      what its heading and the title of the page say
//   render(context)            async: reads what it needs and returns its nodes; what it throws is shown in their place
//   toolbar(context)           optional: controls that are there before the answer, such as the period
//   kind                       optional: "report", "list" or "detail", the space to reserve while it loads
// The context is described in tests/page/types.d.ts. When only parameters of the address change, `render` is called again and its
// nodes replace the old ones; whatever has the focus keeps it if it has an id. Requests through context.api end
// when the view is left.

import {announce, append, byId, el, linkTo, pushButton, replace} from "./dom.js";
import {SignedOut, connect, readService, signOut} from "./api.js";
import {can, session, tokens} from "./session.js";
import {change, href, parse, periodOf, withValues} from "./route.js";
import {failed, failure, loading} from "./states.js";
import {label, setTimeZone} from "./format.js";
import {keepTyped} from "./forms.js";

const REPORT = {needs: "read_reports", report: true};
/** @type {Record<string, Entry>} */
const VIEWS = {
  overview: {label: "Overview", ...REPORT},
  people: {label: "People", ...REPORT},
  changes: {label: "Case changes", ...REPORT},
  reviews: {label: "Reviews", ...REPORT},
  system: {label: "System", ...REPORT},
  log: {label: "Log", needs: "read_audit_log", report: true},
  entry: {label: "Entry", needs: "read_audit_log", hidden: true, within: "log"},
  cases: {label: "Cases"},
  case: {label: "Case", hidden: true, within: "cases"},
  alerts: {label: "Alerts"},
  signin: {label: "Sign in", hidden: true}
};
const THEME = "casetrail.theme";

/** @type {Service} */
let service = {version: "", time_zone: "UTC", demo_accounts: []};
let controller = new AbortController();
/** The view that is on the page. @type {{place: string, h1: HTMLElement, tools: HTMLElement, region: HTMLElement} | null} */
let shown = null;

async function start() {
  const theme = sessionStorage.getItem(THEME);
  if (theme) document.documentElement.dataset.theme = theme;
  const me = tokens() ? readAccount() : Promise.resolve();
  try {
    service = await readService();
    setTimeZone(service.time_zone);
    await me;
  } catch (error) {
    if (!(error instanceof SignedOut))
      return replace(
        byId("main"),
        failure(error, () => location.reload())
      );
    ended();
  }
  addEventListener("hashchange", route);
  await route();
  // Then a later version of the service, which has other files, does not matter to this page.
  for (const name of Object.keys(VIEWS)) load(name).catch(() => undefined);
}

/** The module of a view, which the browser keeps. @param {string} name @returns {Promise<View>} */
const load = name => import(`./views/${name}.js`);

async function readAccount() {
  session.account = await connect().get("/api/v1/auth/me");
}

/** Where the address leads now. */
async function route() {
  const {name, path, query} = parse(location.hash);
  const home = can("read_reports") ? "overview" : "cases";
  if (!session.account && name !== "signin") {
    return location.replace(href("signin", {next: name ? location.hash : null}));
  }
  if (session.account && (name === "" || name === "signin")) {
    const next = query.get("next");
    return location.replace(next?.startsWith("#/") ? next : href(home));
  }
  controller.abort();
  controller = new AbortController();
  const {signal} = controller;
  const entry = Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined;
  const place = [name, ...path].join("/");
  const kept = shown?.place === place;
  frame(entry?.within ?? name, query);
  const focused = document.activeElement;
  /** What had the focus gets it back if it was replaced; if there is no such thing any more, the heading does. */
  const refocus = () => {
    // The drawer returns the focus by itself.
    if (!kept || !focused || focused === document.body || focused.closest("dialog")) return;
    if (document.activeElement !== document.body) return;
    focusOn(focused.id);
    if (document.activeElement === document.body) h1.focus({preventScroll: true});
  };
  if (!shown || !kept) {
    shown = {place, h1: el("h1", {tabindex: "-1"}, entry?.label), tools: el("div", "toolbar"), region: el("div", "content")};
    const head = el("div", "view-head", shown.h1, shown.tools);
    replace(byId("main"), el("div", `view view-${name}`, head, shown.region));
    scrollTo(0, 0);
  }
  const {h1, tools, region} = shown;
  /** @param {string} text */
  const title = text => {
    h1.textContent = text;
    document.title = `${text} · Casetrail`;
  };
  if (!entry) {
    title("Not found");
    replace(region, el("p", {}, "This page does not exist. ", linkTo(href(home), "Go to the start page")));
    return h1.focus();
  }

  /** @type {Context} */
  const context = {
    path,
    query,
    signal,
    api: connect(signal),
    service,
    account: session.account,
    can,
    link: changes => href([name, ...path], withValues(query, changes)),
    go: change,
    reload: route,
    retitle: title,
    // Of a session that has ended, the sign-in says so.
    tell: text => void (session.account && tell(text)),
    refreshAccount: async () => {
      await readAccount();
      frame(entry.within ?? name, query);
    }
  };
  region.setAttribute("aria-busy", "true");
  try {
    /** @type {View} */
    const view = await load(name).catch(() => {
      throw new NotLoaded();
    });
    if (signal.aborted) return;
    if (!kept) title(view.title);
    if (entry.needs && !can(entry.needs)) throw new Refused();
    replace(tools, ...(view.toolbar?.(context) ?? []));
    focusOn(focused?.id);
    if (!kept) {
      replace(region, loading(view.kind ?? "list"));
      if (document.body.dataset.moved) h1.focus({preventScroll: true});
      document.body.dataset.moved = "yes";
    }
    const nodes = await view.render(context);
    if (signal.aborted) return;
    replace(region, ...(kept ? keepTyped(region, nodes) : nodes));
    if (kept) announce(`${h1.textContent} is up to date.`);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof SignedOut) return;
    replace(
      region,
      error instanceof Refused ? refused() : error instanceof NotLoaded ? notLoaded() : failure(error, () => void route())
    );
  } finally {
    if (!signal.aborted) {
      region.removeAttribute("aria-busy");
      refocus();
    }
  }
}

/** @param {string | undefined} id */
function focusOn(id) {
  if (id && document.activeElement === document.body) document.getElementById(id)?.focus({preventScroll: true});
}

class Refused extends Error {}
class NotLoaded extends Error {}

/** A browser may remember that a module was not there, so the page is loaded again. */
const notLoaded = () =>
  failed(
    "offline",
    "This view could not be loaded",
    "The service was upgraded, or it cannot be reached.",
    pushButton({onclick: () => (navigator.onLine ? location.reload() : void route())}, "Try again")
  );

const refused = () =>
  failed("refused", "Not permitted", `This view is not available to the role ${label(session.account?.role)}.`);

function ended() {
  session.account = null;
  if (parse(location.hash).name === "signin") return;
  shown = null;
  location.replace(href("signin", {next: location.hash, ended: "true"}));
}

/** The banner with the navigation. @param {string} name @param {URLSearchParams} query */
function frame(name, query) {
  const account = session.account;
  const focused = document.activeElement?.id;
  const opened = document.body.classList.contains("menu-open");
  const links = Object.entries(VIEWS).filter(([, entry]) => !entry.hidden && (!entry.needs || can(entry.needs)));
  const period = VIEWS[name]?.report ? periodOf(query) : {};
  const unread = account?.unread_alerts ?? 0;
  replace(
    byId("banner"),
    el("a", {class: "brand", href: "#/"}, "Casetrail"),
    account &&
      pushButton(
        {id: "menu", class: "menu-button", "aria-expanded": String(opened), "aria-controls": "nav", onclick: menu},
        "Menu"
      ),
    account &&
      el(
        "nav",
        {id: "nav", "aria-label": "Views"},
        el(
          "ul",
          {},
          ...links.map(([key, entry]) =>
            el(
              "li",
              {},
              el(
                "a",
                {id: `nav-${key}`, href: href(key, entry.report ? period : {}), "aria-current": key === name && "page"},
                entry.label,
                key === "alerts" && unread > 0 && el("span", "count", unread, el("span", "unseen", " unread"))
              )
            )
          )
        )
      ),
    el(
      "div",
      "banner-foot",
      account && el("p", "who", el("strong", {}, account.full_name), el("span", {}, label(account.role))),
      el(
        "div",
        "banner-links",
        account && pushButton({id: "signout", class: "plain", onclick: leave}, "Sign out"),
        pushButton({id: "theme", class: "plain", onclick: changeTheme}, "Switch theme"),
        linkTo("docs/", "API reference")
      ),
      service.version && el("p", "quiet version", `Version ${service.version}`)
    )
  );
  document.body.classList.remove("menu-open");
  byId("banner").querySelector("#menu")?.setAttribute("aria-expanded", "false");
  focusOn(focused);
}

function menu() {
  const open = document.body.classList.toggle("menu-open");
  document.getElementById("menu")?.setAttribute("aria-expanded", String(open));
}

function changeTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  sessionStorage.setItem(THEME, root.dataset.theme);
  announce(dark ? "Light colours" : "Dark colours");
}

function leave() {
  controller.abort();
  const words = "You are signed out in this browser. The service did not respond: the session may last up to 24 hours.";
  signOut().catch(() => tell(words));
  shown = null;
  location.hash = href("signin");
}

/** @param {string} text */
function tell(text) {
  const message = el("p", "toast", text);
  append(document.body, message);
  announce(text);
  setTimeout(() => message.remove(), 6000);
}

addEventListener("signedout", ended);
addEventListener("unhandledrejection", event => {
  const {reason} = event;
  if (reason instanceof SignedOut || (reason instanceof DOMException && reason.name === "AbortError")) event.preventDefault();
});

// The address belongs to the router, so the link to the content moves the focus itself.
document.querySelector(".skip")?.addEventListener("click", event => {
  event.preventDefault();
  byId("main").focus();
});

void start();
