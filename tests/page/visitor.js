// A person in front of the page, who notices everything that must not happen: errors in the console, violations of the page's policy,
// requests to other origins, dialogs, scripts of others that run.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const KEY = "casetrail.session";

export class Visitor {
  dark = false;
  faults = [];
  /** What may be in the console. A service that is busy says so (503), the browser notes it, and the page asks again. */
  expected = [/status of 503/];

  /** @param {object} options `user` is signed in already; without one, the page asks for it */
  static async arrive(browser, at, options = {}) {
    const { user, width = 1400, height = 900, dark = false, hash = "", motion = "reduce", touch = false } = options;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      reducedMotion: motion,
      hasTouch: touch,
      acceptDownloads: true,
      // As anyone would see it who is not where the service is.
      timezoneId: "Europe/Berlin",
      locale: "de-DE",
    });
    // A busy machine is slow.
    context.setDefaultTimeout(30_000);
    const visitor = new Visitor();
    visitor.at = at;
    visitor.dark = dark;
    visitor.context = context;
    visitor.page = await context.newPage();
    await visitor.watch();
    if (user) {
      const pair = await at.session(user);
      const tokens = { access_token: pair.access_token, refresh_token: pair.refresh_token, expires_at: Date.now() + 300_000 };
      await context.addInitScript(
        ([key, value]) => sessionStorage.getItem(key) ?? sessionStorage.setItem(key, value),
        [KEY, JSON.stringify(tokens)],
      );
    }
    await visitor.page.goto(at.base + hash);
    await visitor.ready();
    return visitor;
  }

  async watch() {
    const { page, faults, at } = this;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()))
        faults.push(`${message.type()} in the console: ${message.text()} ${message.location().url}`);
    });
    page.on("pageerror", (error) => faults.push(`error in the page: ${error.stack}`));
    page.on("dialog", (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const { origin } = new URL(at.base);
    page.on("request", (request) => {
      if (!request.url().startsWith(at.base) && !request.url().startsWith(`blob:${origin}`))
        faults.push(`request to ${request.url()}`);
    });
    await this.context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
      );
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          window.shifts.push({
            value: entry.value,
            at: entry.startTime,
            input: entry.hadRecentInput,
            of: entry.sources.map(({ node }) => node?.className || node?.nodeName),
          });
      }).observe({ type: "layout-shift", buffered: true });
    });
  }

  /** Errors that this story causes on purpose, such as the browser's remark on a 503. @param {...RegExp} patterns */
  expect(...patterns) {
    this.expected.push(...patterns);
  }

  /** Until the view has what it read. A drawer that was closed before its entry came stays as it is. */
  async ready() {
    // A new address is there before the event that makes the page read it: until then the former view is complete.
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    await this.page.waitForFunction(() => {
      const content = document.querySelector("#main .content");
      const isLoading = document.querySelector("#main .loading, dialog[open] .loading");
      return content && !content.hasAttribute("aria-busy") && !isLoading;
    });
  }

  /** Goes to another view, as a link would. @param {string} hash */
  async go(hash) {
    await this.page.evaluate(
      (to) =>
        new Promise((resolve) => {
          if (location.hash === to) return resolve(undefined);
          window.addEventListener("hashchange", () => setTimeout(resolve), { once: true });
          location.hash = to;
        }),
      hash,
    );
    await this.ready();
  }

  /** Signs in by the button of a demo account. @param {string} username */
  async enter(username) {
    await this.page.locator(`button[data-username="${username}"]`).click();
    await this.page.waitForFunction(() => !location.hash.startsWith("#/signin"));
    await this.ready();
  }

  /** Clicks what leads to another address, and waits for what is there. @param {import("playwright-core").Locator} locator */
  async follow(locator) {
    const before = this.page.url();
    await locator.click();
    await this.page.waitForFunction((url) => location.href !== url, before);
    await this.ready();
  }

  /** What the view says, without what differs from one reading to the next. */
  async text() {
    return (await this.page.locator("#main").innerText()).replace(/\s+/g, " ");
  }

  /** The names of the views in the navigation, with their addresses. */
  async views() {
    return this.page
      .locator("#nav a")
      .evaluateAll((links) => links.map((link) => ({ name: link.id.replace("nav-", ""), hash: new URL(link.href).hash })));
  }

  /** Nothing that axe finds; of colours only, where all else was looked at before. @param {string} where @param {boolean} [colours] */
  async axe(where, colours = false) {
    if (!(await this.page.evaluate(() => "axe" in window))) await this.page.evaluate(AXE);
    const violations = await this.page.evaluate(
      async (rules) =>
        (
          await window.axe.run(document, {
            resultTypes: ["violations"],
            // WCAG 2.2: axe leaves it out unless it is named.
            ...(rules ? { runOnly: rules } : { rules: { "target-size": { enabled: true } } }),
          })
        ).violations,
      colours ? ["color-contrast", "link-in-text-block"] : null,
    );
    const found = violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map((node) => `${node.target.join(" ")} ${node.failureSummary}`)
          .join(" | ")}`,
    );
    assert.deepEqual(found, [], `axe in ${where}`);
  }

  /** The document is not wider than the screen. @param {string} where */
  async fits(where) {
    const over = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0, `${where} is ${over} px wider than the screen`);
  }

  /** Fails if something happened that must not. @param {string} [where] */
  calm(where = "the story") {
    const left = this.faults.filter((fault) => !this.expected.some((pattern) => pattern.test(fault)));
    assert.deepEqual(left, [], `in ${where}`);
  }

  async close() {
    await this.context.close();
  }
}
