// Texts that are markup are shown as texts: in every field that the API takes, in every view.

import assert from "node:assert/strict";
import { plant } from "../planted.js";

export const title = "Texts that are markup are shown, and nothing of them runs";

export async function run(house) {
  const world = await plant(house);
  const { planted, item, second, gone, member, technician, program, others } = world;
  planted.ensureComplete(await house.api("admin").get("/openapi.json"));

  const policy = (await fetch(house.demo.base)).headers.get("Content-Security-Policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
  assert.doesNotMatch(policy, /unsafe|\*/);

  const admin = house.api("admin");
  const own = async (query) => (await admin.get("/api/v1/audit-log", { limit: 200, ...query })).data;
  const entries = [];
  for (const id of [member.id, technician.id, program.id, ...others])
    entries.push(...(await own({ actor_id: id })), ...(await own({ related_user_id: id })));
  for (const { id } of [item, second, gone]) entries.push(...(await own({ case_id: id })));
  const marked = new Map(entries.filter((entry) => /ran=1/i.test(JSON.stringify(entry))).map((entry) => [entry.id, entry]));
  // For each text an entry that has it. The service writes codes of workshops in upper case.
  const wanted = new Map(
    [...planted.texts.values()].map((text) => [
      text,
      [...marked.values()].find((entry) => JSON.stringify(entry).toLowerCase().includes(text))?.id,
    ]),
  );
  const ids = new Set([...wanted.values()].filter(Boolean));

  const tour = {
    admin: [
      "#/overview?period=today",
      "#/people?period=today&sort=-username",
      `#/people?user_id=${member.id}`,
      `#/people?user_id=${technician.id}`,
      `#/people?user_id=${program.id}`,
      "#/changes?period=today",
      "#/changes?period=today&change_type=hold",
      `#/changes?member_id=${member.id}`,
      `#/changes?actor_id=${technician.id}`,
      "#/reviews?period=today",
      "#/system?period=today",
      "#/log",
      `#/log?actor_id=${member.id}`,
      `#/log?entry=${[...ids][0]}`,
      `#/log?q=${encodeURIComponent("<img src=x onerror=ran=1>")}`,
      "#/cases",
      `#/cases?member_id=${member.id}`,
      `#/cases?q=${encodeURIComponent("<img src=x onerror=ran=1>")}`,
      `#/case/${item.id}`,
      `#/case/${second.id}`,
      "#/alerts",
      ...[...ids].map((id) => `#/entry/${id}`),
      // In the address itself
      `#/overview?period=${encodeURIComponent("<img src=x onerror=ran=1>")}`,
      "#/<img src=x onerror=ran=1>",
      `#/case/${encodeURIComponent("<img src=x onerror=ran=1>")}`,
    ],
    [technician.username]: ["#/cases", `#/case/${item.id}`, "#/alerts", "#/alerts?show=dismissed"],
    [member.username]: ["#/cases", `#/case/${item.id}`, `#/case/${second.id}`, "#/alerts"],
  };
  const seen = [];
  for (const [user, hashes] of Object.entries(tour)) {
    const visitor = await house.visit("markup", { user, hash: hashes[0] });
    visitor.expect(/status of (400|404|422)/);
    const { page } = visitor;
    for (const hash of hashes) {
      await visitor.go(hash);
      await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
      seen.push(
        await page.evaluate(
          () =>
            `${document.body.innerText} ${document.title} ${[...document.querySelectorAll("[aria-label], [title]")].map((one) => one.getAttribute("aria-label") ?? one.getAttribute("title"))}`,
        ),
      );
      const made = await page.locator("img, [onerror], [onload], [onclick], script:not([src])").count();
      assert.equal(made, 0, `elements of a text in ${hash}`);
    }
    assert.equal(await page.evaluate(() => window.ran), undefined, `${user}: something ran`);
    visitor.calm(user);
  }
  const all = seen.join("\n").replace(/\s+/g, " ").toLowerCase();
  const hidden = [...planted.texts].filter(([, text]) => !all.includes(text)).map(([name]) => name);
  assert.deepEqual(hidden, [], "texts that no view shows");
  return [`${planted.texts.size} fields, ${Object.values(tour).flat().length} views`];
}
