// Behind a proxy that serves the service below a path, the page and Swagger UI work: nothing they refer to begins with a slash.

import assert from "node:assert/strict";

export const title = "Behind a path prefix of nginx";

export async function run(house) {
  const { proxied } = house;
  assert.match(new URL(proxied.base).pathname, /^\/casetrail\/$/);
  const visitor = await house.visit("prefix", { at: proxied });
  const { page } = visitor;
  await visitor.enter("manager");
  for (const { name } of await visitor.views()) {
    await visitor.go(`#/${name}`);
    assert.equal(await page.locator(".failed").count(), 0, name);
  }
  await visitor.go("#/log?action_type=case_held");
  await visitor.follow(page.locator("a[id^=entry-]").first());
  await page.getByRole("dialog").locator(".facts").first().waitFor();
  await page.reload();
  await visitor.ready();
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    (await visitor.go("#/system"), page.locator("#download").click()),
  ]);
  assert.match(saved.suggestedFilename(), /\.csv$/);
  visitor.calm("the page");

  // Swagger UI has its own policy and its own warnings; what counts is that it loads and finds the contract.
  const docs = await page.goto(`${proxied.base}docs/`);
  assert.equal(docs.status(), 200);
  await page.locator(".swagger-ui .opblock").first().waitFor({ timeout: 60_000 });
  const foreign = visitor.faults.filter((fault) => fault.startsWith("request to"));
  assert.deepEqual(foreign, [], "Swagger UI asks only below the prefix");
}
