// A case as a story needs it, made through the API.

/**
 * An accepted case whose member is member1 and whose assignee is a technician.
 * @param {any} house @param {{by?: string, fields?: object}} [options]
 */
export async function accepted(house, { by = "tech2", fields = {} } = {}) {
  const member = house.api("member1");
  const created = await member.post("/api/v1/cases", {
    employee_first_name: "Ada",
    employee_last_name: "Moss",
    num_reports_requested: 1,
    ...fields,
  });
  await member.post(`/api/v1/cases/${created.id}/submit`);
  return house.api(by).post(`/api/v1/cases/${created.id}/accept`, { tier: "tier_1", credit_value: "1.0", docs_verified: true });
}

/** The form of an action. @param {import("playwright-core").Page} page @param {string} action */
export async function openForm(page, action) {
  await page.locator(`#action-${action}`).click();
  const form = page.locator(".action-form form");
  await form.waitFor();
  return form;
}

/** Sends a form and waits for the answer to it. @param {import("playwright-core").Page} page @param {import("playwright-core").Locator} form */
export async function send(page, form) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => ["POST", "PATCH"].includes(response.request().method())),
    form.locator("button[type=submit]").click(),
  ]);
  return answer;
}
