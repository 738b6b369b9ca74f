// The client of openapi-typescript and openapi-fetch, with a service of a later version: what it doesn't know is kept as it came.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./casetrail.js";

const [, , baseUrl = ""] = process.argv;
const later = "of_a_later_version";

async function signIn(username: string) {
  const body = { username, password: `${username}-demo-pass` };
  const { data: session } = await createClient<paths>({ baseUrl }).POST("/api/v1/auth/login", { body });
  assert.equal(session?.user.role, later);
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${session.access_token}` } });
}

const { data: page } = await (await signIn("manager")).GET("/api/v1/audit-log");
assert.equal(page?.data.length, page?.page.limit);
for (const entry of page?.data ?? []) {
  const { action_type, category, outcome, source, actor_type, actor } = entry;
  assert.deepEqual(new Set([action_type, category, outcome, source, actor_type, actor?.role ?? later]), new Set([later]));
}
const member = await signIn("member1");
const { data: cases } = await member.GET("/api/v1/cases");
assert.ok(cases !== undefined && cases.data.length > 0);
assert.ok(cases.data.every(({ status, urgency }) => status === later && urgency === later));
const { error } = await member.GET("/api/v1/audit-log");
assert.deepEqual([error?.code, error?.status], [later, 403]);
console.log(`${page?.data.length} entries of a later version`);
