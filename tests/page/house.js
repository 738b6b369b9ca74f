// What every story has: a service with the demo, one without any data, the browser, and visitors who look at the page.
//
//   const visitor = await house.visit("story", {user: "manager", width: 360, dark: true});     see visitor.js
//   await house.api("manager").get("/api/v1/cases", {limit: 1})                                 see service.js

import { chromium } from "playwright-core";
import { service } from "./service.js";
import { Visitor } from "./visitor.js";

const FLAGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** @param {string} [folder] of the screenshots */
export async function open(folder) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS.split(" ") });
  const demo = service(process.env.DEMO_URL);
  const blank = service(process.env.BLANK_URL, new Map([["ada", "plum orbit kettle seventeen"]]));
  /** @type {Map<string, Visitor[]>} */
  const visitors = new Map();
  return {
    browser,
    folder,
    demo,
    blank,
    proxied: service(process.env.PROXIED_URL),
    optimised: process.env.OPTIMISED === "yes",
    api: demo.as,
    /** @param {string} story @param {object} [options] */
    async visit(story, { at = demo, ...options } = {}) {
      const visitor = await Visitor.arrive(browser, at, options);
      visitors.set(story, [...(visitors.get(story) ?? []), visitor]);
      return visitor;
    },
    /** @param {string} story */
    async leave(story) {
      for (const visitor of visitors.get(story) ?? []) await visitor.close();
      visitors.delete(story);
    },
    close: () => browser.close(),
  };
}
