// The client of hey-api, with a service of a later version: what it doesn't know is kept as it came.
import assert from "node:assert/strict";
import { createClient } from "./hey-api/client/index.js";
import { listAuditLog, listCases, login } from "./hey-api/index.js";

const [, , baseUrl = ""] = process.argv;
const later = "of_a_later_version";

async function signIn(username: string) {
  const body = { username, password: `${username}-demo-pass` };
  const { data: session } = await login({ client: createClient({ baseUrl }), body });
  assert.equal(session?.user.role, later);
  return createClient({ baseUrl, auth: session.access_token });
}

const { data: page } = await listAuditLog({ client: await signIn("manager") });
assert.equal(page?.data.length, page?.page.limit);
for (const entry of page?.data ?? []) {
  const { action_type, category, outcome, source, actor_type, actor } = entry;
  assert.deepEqual(new Set([action_type, category, outcome, source, actor_type, actor?.role ?? later]), new Set([later]));
}
const client = await signIn("member1");
const { data: cases } = await listCases({ client });
assert.ok(cases !== undefined && cases.data.length > 0);
assert.ok(cases.data.every(({ status, urgency }) => status === later && urgency === later));
const { error } = await listAuditLog({ client });
assert.deepEqual([error?.code, error?.status], [later, 403]);
console.log(`${page?.data.length} entries of a later version`);
