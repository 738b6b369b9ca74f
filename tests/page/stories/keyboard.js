// Without a mouse: sign in, change the period, open an entry, hold a case. Only keys are pressed, and what has the focus is visible.

import assert from "node:assert/strict";
import { accepted } from "../cases.js";

export const title = "Keyboard only: sign in, period, entry, hold";

export async function run(house) {
  const { id, case_number: number } = await accepted(house);
  const visitor = await house.visit("keyboard");
  const { page } = visitor;
  const focused = () =>
    page.evaluate(
      () =>
        document.activeElement?.id ||
        document.activeElement?.getAttribute("name") ||
        document.activeElement?.textContent?.trim().slice(0, 60) ||
        "",
    );

  /** Presses Tab until the focus is on what was wanted. @param {(name: string) => boolean} wanted @param {string} [key] */
  const reach = async (wanted, key = "Tab") => {
    const met = [];
    for (let steps = 0; steps < 150; steps++) {
      await page.keyboard.press(key);
      const name = await focused();
      met.push(name);
      if (!wanted(name)) continue;
      const outline = await page.evaluate(() => {
        const own = getComputedStyle(document.activeElement);
        return own.outlineStyle !== "none" || own.boxShadow !== "none" || /^H\d$/.test(document.activeElement.tagName);
      });
      // A link inside of a card shows the focus on the card.
      assert.ok(
        outline || (await page.evaluate(() => Boolean(document.activeElement.closest(".card, .bucket")))),
        `the focus on ${name} is visible`,
      );
      return steps + 1;
    }
    throw new Error(`not reached; the focus went to ${met.join(", ")}`);
  };
  const enter = async () => {
    const before = page.url();
    await page.keyboard.press("Enter");
    await page.waitForFunction((url) => location.href !== url, before);
    await visitor.ready();
  };

  // Sign in by name and password.
  await reach((name) => name.startsWith("username"));
  await page.keyboard.type("tech2");
  await page.keyboard.press("Tab");
  await page.keyboard.type("tech2-demo-pass");
  await enter();
  assert.match(page.url(), /#\/cases/);

  // Find the case and hold it.
  await reach((name) => name === "f-q");
  await page.keyboard.type(number);
  await enter();
  await reach((name) => name === number);
  await enter();
  assert.equal(await page.locator("h1").innerText(), number);
  await reach((name) => name === "action-hold");
  await page.keyboard.press("Enter");
  await page.locator(".action-form form").waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "reason");
  await page.keyboard.type("held by keys alone");
  await page.keyboard.press("Tab");
  await page.keyboard.type("7");
  await reach((name) => name === "Place on hold");
  await page.keyboard.press("Enter");
  await page.locator("#action-resume").waitFor();
  await visitor.ready();
  const held = await house.api("tech2").get(`/api/v1/cases/${id}`);
  assert.equal(held.status, "hold");
  assert.equal(held.hold.reason, "held by keys alone");
  visitor.calm("a technician's keys");

  // Another person: the period, and an entry of the log.
  await reach((name) => name === "signout", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator("[name=username]").waitFor();
  await visitor.ready();
  await reach((name) => name.startsWith("username"));
  await page.keyboard.type("manager");
  await page.keyboard.press("Tab");
  await page.keyboard.type("manager-demo-pass");
  await enter();
  await reach((name) => name === "period-last_week");
  await enter();
  assert.match(page.url(), /period=last_week/);
  assert.equal(await focused(), "period-last_week", "the focus stays");

  // Bars are read with the arrow keys.
  await page.locator(".plot").waitFor();
  await reach((name) => /^[A-Z][a-z]{2}, /.test(name));
  const last = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  await page.keyboard.press("ArrowLeft");
  const before = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  assert.notEqual(before, last);
  assert.ok((await page.locator(".readout").first().innerText()).length > 5);

  await reach((name) => name === "nav-log", "Shift+Tab");
  await enter();
  await reach((name) => /^entry-/.test(name));
  const link = await focused();
  await enter();
  const drawer = page.getByRole("dialog");
  await drawer.locator(".facts").first().waitFor();
  assert.ok(await page.evaluate(() => Boolean(document.activeElement?.closest("dialog"))), "the focus is in the entry");
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  await page.waitForFunction((wanted) => document.activeElement?.id === wanted, link);
  visitor.calm("a manager's keys");
}
