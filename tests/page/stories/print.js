// On paper a report has its title, period, zone, who printed it and when, and its figures, and no controls.

import assert from "node:assert/strict";

import { clock, words } from "../words.js";

export const title = "A report prints with its period and without controls";

export async function run(house) {
  const visitor = await house.visit("print", { user: "manager", dark: true });
  const { page } = visitor;
  const account = await house.api("manager").get("/api/v1/auth/me");
  const { time_zone: zone } = await house.api("manager").get("/api/v1/service");
  const { time } = clock(zone);
  const sizes = [];
  for (const [view, heading] of Object.entries({
    overview: "Overview",
    people: "People",
    changes: "Case changes",
    reviews: "Reviews",
    system: "System",
  })) {
    await visitor.go(`#/${view}?period=last_week`);
    const total = await page.locator(".cards .value").first().innerText();
    await page.emulateMedia({ media: "print" });
    // What the browser says before it prints.
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    const printed = [0, 60_000].map((ago) => time(new Date(Date.now() - ago).toISOString()));
    const text = (await page.locator("body").innerText()).replace(/\s+/g, " ");
    for (const part of [heading, total, account.full_name, "America/Chicago"])
      assert.ok(text.includes(part), `${view} on paper says "${part}"`);
    assert.ok(
      printed.some((instant) => text.includes(`(${words(account.role)}), ${instant} from Casetrail`)),
      `${view} on paper says when it was printed: ${text}`,
    );
    const controls = page.locator("button, input, select, nav, .banner, .choices, .period form, .as-table");
    const visible = await controls.evaluateAll((all) =>
      all.filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 100)),
    );
    assert.deepEqual(visible, [], `${view} on paper has no controls`);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.ok(["rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"].includes(ground), `paper is white, not ${ground}`);
    const pdf = await page.pdf({ format: "A4" });
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
    sizes.push(`${view} ${pdf.toString("latin1").match(/\/Type \/Page\b/g)?.length ?? "?"}`);
    await page.emulateMedia({ media: "screen" });
  }
  visitor.calm();
  return [`pages: ${sizes.join(", ")}`];
}
