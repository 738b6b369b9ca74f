// Each role signs in by the button of a demo account and walks every view that it has.

import assert from "node:assert/strict";

export const title = "Each role signs in and walks its views";

const VIEWS = {
  admin: ["overview", "people", "changes", "reviews", "system", "log", "cases", "alerts"],
  manager: ["overview", "people", "changes", "reviews", "system", "log", "cases", "alerts"],
  tech2: ["cases", "alerts"],
  member1: ["cases", "alerts"],
};

export async function run(house) {
  for (const [username, expected] of Object.entries(VIEWS)) {
    const visitor = await house.visit("roles");
    await visitor.enter(username);
    const { page } = visitor;
    const views = await visitor.views();
    assert.deepEqual(
      views.map(({ name }) => name),
      expected,
      username,
    );
    const account = await house.api(username).get("/api/v1/auth/me");
    assert.ok((await page.locator("#banner").innerText()).includes(account.full_name), `${username} is named in the banner`);
    for (const { name } of views) {
      // The first view is there already.
      const link = page.locator(`#nav-${name}`);
      if (!(await link.getAttribute("aria-current"))) await visitor.follow(link);
      assert.equal(await page.locator(".failed").count(), 0, `${username}: ${name} shows a problem: ${await visitor.text()}`);
      assert.equal(await page.locator("h1").count(), 1);
      assert.match(await page.title(), / · Casetrail$/);
    }
    await visitor.go("#/cases");
    await page.locator("#main tbody a[href*='#/case/']").first().click();
    await page.waitForFunction(() => location.hash.startsWith("#/case/"));
    await visitor.ready();
    assert.equal(await page.locator(".failed").count(), 0, `${username}: a case shows a problem`);

    for (const name of VIEWS.admin.filter((one) => !expected.includes(one))) {
      await visitor.go(`#/${name}`);
      assert.equal(await page.locator(".failed.refused").count(), 1, `${username} is refused ${name}`);
    }
    await page.locator("#signout").click();
    await page.locator("[name=username]").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0, "nothing is kept after signing out");
    visitor.calm(username);
  }
}
