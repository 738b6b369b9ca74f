// A service account has API keys and no password, so it cannot sign in on the page.

import assert from "node:assert/strict";

export const title = "A service account is refused";

export async function run(house) {
  const username = `program-${Date.now() % 1e6}`;
  const { api_key: key } = await house.api("admin").post("/api/v1/users", {
    username,
    email: `${username}@example.org`,
    first_name: "Pro",
    last_name: "Gram",
    role: "service",
    scopes: ["reports:read", "audit:read"],
  });
  const visitor = await house.visit("service-account");
  const { page } = visitor;
  visitor.expect(/status of 401/);
  assert.equal(await page.locator("button[data-username^=service]").count(), 0, "no button for a service account");

  await page.locator("[name=username]").fill(username);
  await page.locator("[name=password]").fill(key);
  const [answer] = await Promise.all([
    page.waitForResponse(/auth\/login/),
    page.getByRole("button", { name: "Sign in" }).click(),
  ]);
  assert.equal(answer.status(), 401);
  const { detail } = await answer.json();
  await page.locator(".form-problem").getByText(detail).waitFor();
  visitor.calm();
}
