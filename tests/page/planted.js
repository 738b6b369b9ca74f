// Texts that are markup, in every field of the API that takes one. Each says where it was planted.

import assert from "node:assert/strict";

/** What would run if it were not a text. @param {number} [length] */
const markup = (length = 2000) => (length < 40 ? "<svg onload=ran=1>" : "<img src=x onerror=ran=1>");

/** Fields that take any text, but not to show it. */
const ELSEWHERE = [
  "Login.username",
  "Login.password",
  "Logout.refresh_token",
  "RefreshSession.refresh_token",
  "EditSettings.time_zone",
  "ChangeOwnPassword.current_password",
  "ChangeOwnPassword.new_password",
  "CreateUser.password",
  "ResetUserPassword.new_password",
];

export class Planted {
  /** By the name of the field: the text. @type {Map<string, string>} */
  texts = new Map();

  /** A text for a field of a request body. @param {string} body @param {string} name @param {number} [length] that it may have */
  text(body, name, length) {
    const text = `${markup(length)}${this.texts.size.toString(36)}`;
    this.texts.set(`${body}.${name}`, text);
    return text;
  }

  /** Texts for several fields. @param {string} body @param {...string} names */
  all(body, ...names) {
    return Object.fromEntries(names.map((name) => [name, this.text(body, name, { phone_number: 20, workshop_code: 50 }[name])]));
  }

  /** Every field of a request body in the contract whose pattern permits markup was planted. @param {any} contract */
  ensureComplete(contract) {
    const { schemas } = contract.components;
    const of = (schema) => (schema.$ref ? of(schemas[schema.$ref.split("/").at(-1)]) : schema);
    const takes = (schema) => {
      const { type, pattern, format, maxLength = 1e9, oneOf, enum: values } = of(schema);
      if (oneOf) return oneOf.some(takes);
      if (![type].flat().includes("string") || values || ["uuid", "date", "date-time", "binary", "email"].includes(format))
        return false;
      return maxLength >= 20 && (!pattern || new RegExp(pattern, "u").test("<b>"));
    };
    const bodies = new Set(
      Object.values(contract.paths)
        .flatMap((path) => Object.values(path))
        .flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}))
        .map(({ schema }) => schema.$ref),
    );
    const missing = [...bodies].filter(Boolean).flatMap((ref) => {
      const body = ref.split("/").at(-1);
      const names = Object.entries(of({ $ref: ref }).properties ?? {})
        .filter(([, schema]) => takes(schema))
        .map(([name]) => `${body}.${name}`);
      return names.filter((name) => !this.texts.has(name) && !ELSEWHERE.includes(name));
    });
    // What is deleted has its reason in the address.
    const deletions = Object.values(contract.paths).flatMap((path) => (path.delete ? [path.delete] : []));
    for (const { operationId, parameters = [] } of deletions)
      for (const { in: place, name, schema } of parameters)
        if (place === "query" && takes(schema) && !this.texts.has(`${operationId}.${name}`))
          missing.push(`${operationId}.${name}`);
    assert.deepEqual(missing, [], "fields of the API that nothing was planted in");
  }
}

/** Lets people and cases live whose every text is markup. @param {any} house */
export async function plant(house) {
  const planted = new Planted();
  const p = (body, ...names) => planted.all(body, ...names);
  const admin = house.api("admin");
  const tag = (Date.now() % 1e7).toString(36);
  const user = (name, role, more = {}) =>
    admin.post("/api/v1/users", {
      username: `${name}-${tag}`,
      email: `${name}-${tag}@example.org`,
      role,
      password: `${name}-${tag}-demo-pass`,
      first_name: "Plain",
      last_name: "Name",
      ...more,
    });

  // People
  const member = await user("m", "member", p("CreateUser", "first_name", "last_name", "phone_number", "workshop_code"));
  const technician = await user("t", "technician", {
    user_level: "level_1",
    first_name: planted.text("CreateUser", "first_name (technician)"),
  });
  const other = await user("o", "technician", { user_level: "level_3" });
  await admin.patch(`/api/v1/users/${other.id}`, p("EditUser", "first_name", "last_name", "phone_number"));
  const third = await user("n", "member", { workshop_code: "WS001" });
  await admin.patch(`/api/v1/users/${third.id}`, p("EditUser", "workshop_code"));
  await admin.post(`/api/v1/users/${other.id}/role`, {
    role: "technician",
    user_level: "level_2",
    ...p("ChangeUserRole", "reason"),
  });
  await admin.post(`/api/v1/users/${other.id}/deactivate`, p("DeactivateUser", "reason"));
  await admin.post(`/api/v1/users/${other.id}/reactivate`, p("ReactivateUser", "reason"));
  const M = house.api(member.username);
  const T = house.api(technician.username);
  await M.patch("/api/v1/auth/me", p("EditOwnAccount", "first_name", "last_name", "phone_number", "workshop_code"));
  const quarter = `${new Date().getFullYear()}-Q${Math.floor(new Date().getMonth() / 3) + 1}`;
  await admin.put(`/api/v1/users/${member.id}/credit-allowances/${quarter}`, {
    allowed_credits: 100,
    ...p("SetCreditAllowance", "notes"),
  });

  // A case from its creation to its resubmission
  const item = await admin.post("/api/v1/cases", {
    member_id: member.id,
    ...p("CreateCase", "employee_first_name", "employee_last_name", "workshop_code"),
  });
  const at = `/api/v1/cases/${item.id}`;
  await M.post(`${at}/submit`);
  await admin.post(`${at}/accept`, {
    tier: "tier_3",
    credit_value: "1.0",
    docs_verified: true,
    assigned_to: technician.id,
    ...p("AcceptCase", "notes", "override_reason"),
  });
  await admin.patch(
    at,
    p(
      "EditCase",
      "employee_first_name",
      "employee_last_name",
      "special_notes",
      "internal_notes",
      "report_notes_to_member",
      "reason",
    ),
  );
  await admin.post(`${at}/assign`, { assigned_to: other.id, reason: "for the next one", override_reason: "for the next one" });
  await admin.post(`${at}/assign`, { assigned_to: technician.id, ...p("AssignCase", "reason", "override_reason") });
  await admin.post(`${at}/tier`, { tier: "tier_2", ...p("ChangeCaseTier", "reason", "override_reason") });
  await admin.post(`${at}/credit`, { credit_value: "2.0", ...p("AdjustCaseCredit", "reason") });
  await admin.post(`${at}/hold`, p("HoldCase", "reason"));
  await admin.patch(`${at}/hold`, { hold_duration_days: 3, ...p("ChangeCaseHold", "reason") });
  await T.post(`${at}/resume`, p("ResumeCase", "reason"));
  await admin.post(`${at}/notes`, { visibility: "shared", ...p("CreateNote", "body") });
  await upload(T, at, "supporting", `${planted.text("UploadDocument", "file")}.txt`, planted.text("UploadDocument", "notes"));
  const complete = () => T.post(`${at}/complete`, { override_incomplete: true });
  await complete();
  await admin.post(`${at}/review/request-revisions`, p("RequestRevisions", "notes"));
  await complete();
  await admin.post(`${at}/review/approve`, {
    release: "scheduled",
    release_at: new Date(Date.now() + 86_400_000).toISOString(),
    ...p("ApproveReview", "notes"),
  });
  await admin.post(`${at}/release`, p("ReleaseCase", "reason"));
  await upload(M, at, "supporting", "new.txt");
  await M.post(`${at}/resubmit`, p("ResubmitCase", "notes"));

  // Another one for the other ways
  const second = await M.post("/api/v1/cases", {
    employee_first_name: "Ada",
    employee_last_name: "Moss",
    submit: true,
    ...p("CreateCase", "special_notes"),
  });
  const there = `/api/v1/cases/${second.id}`;
  await admin.post(`${there}/reject`, { rejection_reason: "other", ...p("RejectCase", "rejection_notes") });
  await upload(M, there, "supporting", "new.txt");
  await M.post(`${there}/resubmit`, { notes: "again" });
  await admin.post(`${there}/accept`, { tier: "tier_1", credit_value: "1.0", docs_verified: true, assigned_to: technician.id });
  await admin.post(`${there}/assign`, { assigned_to: null, reason: "to be taken" });
  await T.post(`${there}/take`, p("TakeCase", "reason"));
  await admin.post(`${there}/member`, {
    member_id: (await house.api("member1").get("/api/v1/auth/me")).id,
    reason: "there and back",
  });
  await admin.post(`${there}/member`, { member_id: member.id, ...p("ChangeCaseMember", "reason") });
  await T.post(`${there}/complete`, { override_incomplete: true });
  await admin.post(`${there}/review/correct`, { release: "now", ...p("CorrectReview", "notes") });
  await admin.post(`${there}/reopen`, p("ReopenCase", "reason"));
  // What is deleted
  const remove = async (operation, path) => {
    const answer = await admin.call("DELETE", path, { query: { reason: planted.text(operation, "reason") } });
    assert.ok(answer.status < 300, `${operation}: ${answer.text}`);
  };
  await remove("delete_document", `/api/v1/documents/${(await upload(admin, at, "supporting", "gone.txt")).id}`);
  const gone = await M.post("/api/v1/cases", { employee_first_name: "Ada", employee_last_name: "Moss" });
  await remove("delete_case", `/api/v1/cases/${gone.id}`);
  const leaver = await user("l", "member", { workshop_code: "WS001" });
  await remove("delete_user", `/api/v1/users/${leaver.id}`);
  const alerts = await T.get("/api/v1/alerts");
  await T.post(`/api/v1/alerts/${alerts.data.at(-1).id}/dismiss`, p("DismissAlert", "reason"));

  // What other systems report
  const program = await user("p", "service", {
    scopes: ["ingest"],
    password: undefined,
    first_name: planted.text("CreateUser", "first_name (service)"),
  });
  const named = await admin.post(`/api/v1/users/${program.id}/api-keys`, p("CreateApiKey", "name"));
  const S = house.demo.program(named.api_key);
  const ingest = async (path, body) => {
    const answer = await S.post(`/api/v1/ingest/${path}`, body);
    assert.ok(answer.status < 300, `${path}: ${answer.text}`);
  };
  const filters = (body) => ({ [`<b onclick=ran=1>${tag}`]: planted.text(body, "filters") });
  await ingest("activities", {
    event: "imported",
    case_id: item.id,
    metadata: { note: planted.text("IngestActivity", "metadata") },
    ...p("IngestActivity", "description"),
  });
  await ingest("cron-runs", {
    job_name: "nightly",
    records_processed: 1,
    status: "failure",
    ...p("IngestCronRun", "error_message"),
  });
  await ingest("email-notifications", {
    case_id: item.id,
    recipient: "a@example.org",
    delivery_status: "failed",
    ...p("IngestEmailNotification", "error_message"),
  });
  await ingest("audit-accesses", { view_type: "detail_view", filters: filters("IngestAuditAccess") });
  await ingest("bulk-exports", { export_type: "cases", format: "csv", record_count: 1, filters: filters("IngestBulkExport") });
  await ingest("report-generations", {
    report_type: "activity_summary",
    row_count: 1,
    parameters: filters("IngestReportGeneration"),
  });
  // And where they come from.
  const agent = await M.call("GET", "/api/v1/users", { headers: { "User-Agent": planted.text("header", "User-Agent") } });
  assert.equal(agent.status, 403);
  return { planted, item, second, gone, member, technician, program, others: [other.id, third.id, leaver.id] };
}

async function upload(api, at, type, name, notes) {
  const form = new FormData();
  form.append("document_type", type);
  if (notes) form.append("notes", notes);
  form.append("file", new File(["Gross pay\n"], name, { type: "text/plain" }));
  return api.post(`${at}/documents`, form);
}
