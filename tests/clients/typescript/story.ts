// A case's whole story, told by the generated client: openapi-typescript's types, and openapi-fetch.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./casetrail.js";

type Problem = components["schemas"]["Problem"];
type ProblemCode = components["schemas"]["ProblemCode"];

const [, , baseUrl = "http://127.0.0.1:8080"] = process.argv;

/** What an operation answers: data if it was done, a problem if not. */
interface Answer<Data> {
  data?: Data;
  error?: Problem;
  response: Response;
}

function done<Data>(answer: Answer<Data>, status = 200): Data {
  assert.equal(answer.response.status, status, answer.error?.detail);
  assert.ok(answer.data !== undefined);
  return answer.data;
}

function refused(answer: Answer<unknown>, status: number, code: ProblemCode): Problem {
  assert.equal(answer.response.status, status);
  assert.ok(answer.error !== undefined);
  assert.equal(answer.error.code, code);
  assert.equal(answer.error.status, status);
  return answer.error;
}

async function signIn(username: string) {
  const credentials = { username, password: `${username}-demo-pass` };
  const session = done(await createClient<paths>({ baseUrl }).POST("/api/v1/auth/login", { body: credentials }));
  assert.equal(session.user.username, username);
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${session.access_token}` } });
  return { client, user: session.user };
}

const { client: member } = await signIn("member1");
const { client: technician, user: tech2 } = await signIn("tech2");
const { client: manager } = await signIn("manager");

// A member creates a case and submits it.
const inTwentyDays = new Date(Date.now() + 20 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
const body = { employee_first_name: "Ada", employee_last_name: "Moss", due_on: inTwentyDays };
const creation = await member.POST("/api/v1/cases", { body });
const draft = done(creation, 201);
assert.equal(draft.status, "draft");
assert.equal(draft.assigned_to, null);
assert.deepEqual(draft.allowed_actions, ["submit", "edit", "delete", "upload", "comment"]);
assert.equal(draft.blocked_actions.find((blocked) => blocked.action === "hold")?.code, "forbidden");
assert.equal(creation.response.headers.get("Location"), `/api/v1/cases/${draft.id}`);
const draftTag = creation.response.headers.get("ETag") ?? "";
// Weak where the answer came compressed, as fetch asks for it.
assert.match(draftTag, new RegExp(`^(W/)?"${draft.version}-[0-9a-f]{8}"$`));

const path = { case_id: draft.id };
const submitted = done(await member.POST("/api/v1/cases/{case_id}/submit", { params: { path } }));
assert.equal(submitted.status, "submitted");

// A technician accepts it and thereby takes it.
const accepted = done(
  await technician.POST("/api/v1/cases/{case_id}/accept", {
    params: { path },
    body: { tier: "tier_2", credit_value: "1.0", docs_verified: true },
  }),
);
assert.equal(accepted.status, "accepted");
assert.equal(accepted.assigned_to?.username, "tech2");
assert.equal(accepted.complexity, "moderate");

// The technician puts it on hold, once: a held case can't be held again, and a stale version is refused.
const hold = { reason: "waiting for pay stub", hold_duration_days: 14 };
const holding = await technician.POST("/api/v1/cases/{case_id}/hold", { params: { path }, body: hold });
const held = done(holding);
assert.equal(held.hold?.reason, hold.reason);
assert.equal(held.hold.duration_days, 14);
refused(
  await technician.POST("/api/v1/cases/{case_id}/hold", { params: { path }, body: hold }),
  409,
  "invalid_case_state",
);
const resumption = { reason: "the pay stub came" };
refused(
  await technician.POST("/api/v1/cases/{case_id}/resume", {
    params: { path, header: { "If-Match": draftTag } },
    body: resumption,
  }),
  412,
  "version_mismatch",
);
const invalid = refused(
  await technician.POST("/api/v1/cases/{case_id}/resume", { params: { path }, body: { reason: "" } }),
  422,
  "validation_failed",
);
assert.deepEqual(
  invalid.errors?.map(({ location, pointer }) => [location, pointer]),
  [["body", "/reason"]],
);

// The technician resumes it, from the version they have seen.
const heldTag = holding.response.headers.get("ETag") ?? "";
const resumed = done(
  await technician.POST("/api/v1/cases/{case_id}/resume", {
    params: { path, header: { "If-Match": heldTag } },
    body: resumption,
  }),
);
assert.equal(resumed.status, "accepted");
assert.equal(resumed.hold, null);

// Its trail tells all of it, the newest first.
const trail = done(await technician.GET("/api/v1/cases/{case_id}/audit-trail", { params: { path } }));
assert.deepEqual(
  trail.data.filter((entry) => entry.outcome === "success").map((entry) => entry.action_type),
  ["case_resumed", "case_held", "case_assigned", "case_status_changed", "case_submitted", "case_created"],
);
const resumption_entry = trail.data.find((entry) => entry.action_type === "case_resumed");
const change = { field_label: "Status", from: "hold", from_label: null, to: "accepted", to_label: null };
assert.deepEqual(resumption_entry?.changes["status"], change);
assert.equal(resumption_entry.metadata["reason"], resumption.reason);
assert.equal(resumption_entry.actor?.role, "technician");

// The five reports.
const activity = done(await manager.GET("/api/v1/reports/activity-summary", { params: { query: { interval: "week" } } }));
assert.ok(activity.summary.total_activities >= 6);
assert.ok(activity.top_users.some((person) => person.username === "tech2" && person.count > 0));
assert.ok(activity.timeseries.every(({ value }) => value >= 0));
const person = done(
  await manager.GET("/api/v1/reports/user-activity", { params: { query: { user_id: tech2.id, limit: 5 } } }),
);
assert.equal(person.user.full_name, tech2.full_name);
assert.ok(person.entries.data.every((entry) => entry.actor_label === "tech2"));
const changes = done(
  await manager.GET("/api/v1/reports/case-changes", { params: { query: { case_id: draft.id, change_type: ["hold"] } } }),
);
assert.deepEqual(changes.entries.data.map((change) => change.badge), ["hold", "hold"]);
assert.ok(changes.entries.data[0]?.before_after.some(({ field, to }) => field === "status" && to === "accepted"));
const reviews = done(
  await manager.GET("/api/v1/reports/quality-review-audit", { params: { query: { all_time: true, interval: "month" } } }),
);
assert.ok(reviews.summary.total_reviews > 0);
assert.ok((reviews.summary.first_pass_approval_percent ?? 0) <= 100);
const system = done(await manager.GET("/api/v1/reports/system-events", { params: { query: { outcome: "failure" } } }));
assert.ok(system.health.audit_entries_total > 0);
assert.ok(system.entries.data.every((entry) => entry.outcome === "failure"));
const csv = done(await manager.GET("/api/v1/reports/case-changes.csv", { params: { query: {} }, parseAs: "text" }));
assert.ok(csv.startsWith("id,occurred_at,action_type"));

// A list, page by page by its cursors, loses and doubles nothing.
const seen = new Set<string>();
let page: components["schemas"]["PageInfo"];
let cursor: string | undefined;
do {
  const query = { sort: "due_on", limit: 40, include_total: true, ...(cursor === undefined ? {} : { cursor }) } satisfies
    paths["/api/v1/cases"]["get"]["parameters"]["query"];
  const cases = done(await manager.GET("/api/v1/cases", { params: { query } }));
  cases.data.forEach((row) => seen.add(row.id));
  page = cases.page;
  cursor = page.next_cursor ?? undefined;
} while (page.has_more);
assert.ok(seen.size > 40 && seen.has(draft.id));
assert.equal(seen.size, page.total);

// Who may not see a thing is told so.
refused(await member.GET("/api/v1/audit-log"), 403, "forbidden");
console.log(`the story of ${draft.case_number}, and ${seen.size} cases by cursor`);
