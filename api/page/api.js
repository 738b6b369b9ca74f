// Calls the API. Paths, parameters, request bodies and answers have the types of openapi.yaml.
//
//   const api = new Api(signal);                                   a view gets its own as context.api
//   await api.get("/api/v1/cases", {query: {status: ["hold"]}})    → the body of the answer
//   await api.read("/api/v1/cases/{case_id}", {path})              → {data, etag}
//   await api.post("/api/v1/cases/{case_id}/hold", {path, body, etag})
//   await api.patch(…), api.put(…), api.remove(…)                  with `etag` as If-Match
//   await api.upload("/api/v1/cases/{case_id}/documents", {path, form, progress})
//   await api.file("/api/v1/…csv", {query, progress})              → {blob, name}
//
// An answer with an error throws a Problem (RFC 9457), a service that is not reached throws Unreachable. Reads are repeated after
// Retry-After; so are POST requests, whose Idempotency-Key makes that safe. The signal of a view ends its requests when it is left.

import { address, begin, end, renew, tokens } from "./session.js";
import { withValues } from "./route.js";

/** @typedef {import("casetrail-api").paths} Paths */
/** @typedef {import("casetrail-api").components["schemas"]} Schemas */
/** @typedef {import("./route.js").Value} Value */
/** @typedef {"get" | "post" | "put" | "patch" | "delete"} Method */

/**
 * The paths that have a method.
 * @template {Method} M
 * @typedef {{[P in keyof Paths]: Paths[P] extends {[K in M]: {responses: unknown}} ? P : never}[keyof Paths]} PathWith
 */
/**
 * @template {keyof Paths} P
 * @template {Method} M
 * @typedef {Paths[P] extends {[K in M]: infer O} ? O : never} Operation
 */
/**
 * The query parameters by name. Their values come from the address of the page, so the service checks them.
 * @template O
 * @typedef {O extends {parameters: {query?: infer Q}} ? {[K in keyof NonNullable<Q>]?: Value} : never} Query
 */
/**
 * @template O
 * @typedef {O extends {parameters: {path: infer A}} ? A : never} PathValues
 */
/**
 * @template O
 * @typedef {O extends {requestBody?: infer B} ? NonNullable<B> extends {content: {"application/json": infer T}} ? T : never : never} Body
 */
/**
 * @template O
 * @typedef {O extends {responses: {200: {content: {"application/json": infer T}}}} ? T
 *   : O extends {responses: {201: {content: {"application/json": infer T}}}} ? T
 *   : O extends {responses: {202: {content: {"application/json": infer T}}}} ? T : undefined} Answer
 */
/**
 * @template O
 * @typedef {{path?: PathValues<O>, query?: Query<O>, body?: Body<O>, etag?: string | null}} Options
 */
/** @typedef {(done: number, total: number | null) => void} Progress bytes so far, and in all if that is known */
/** @typedef {{path?: unknown, query?: unknown, body?: unknown, etag?: string | null}} AnyOptions */

/**
 * What `GET /api/v1/service` says about the service, without a sign-in.
 * @typedef {{username: string, role: string, display_name: string, password: string}} DemoAccount
 * @typedef {{version: string, time_zone: string, demo_accounts: DemoAccount[]}} Service
 */

/** An error that the service answered. */
export class Problem extends Error {
  /**
   * @param {Response} response
   * @param {Partial<Schemas["Problem"]>} body
   */
  constructor(response, body) {
    super(body.detail ?? `The service answered ${response.status}.`);
    this.status = response.status;
    this.code = body.code ?? "";
    this.title = body.title ?? `Error ${response.status}`;
    this.detail = this.message;
    /** One of each field that is wrong: `pointer` is `/reason` for the field `reason`. @type {Schemas["FieldProblem"][]} */
    this.errors = body.errors ?? [];
    this.requestId = body.request_id ?? response.headers.get("X-Request-Id");
    this.retryAfter = Number(response.headers.get("Retry-After")) || null;
    /** Everything else that a problem of this code says, such as `current_status`. */
    this.body = body;
  }
}

/** The service was not reached: no network, or no service. */
export class Unreachable extends Error {}

/** The session has ended; the page asks for a new sign-in. */
export class SignedOut extends Error {}

export class Api {
  /** @param {AbortSignal} [signal] ends the requests */
  constructor(signal) {
    this.signal = signal;
  }

  /**
   * @template {PathWith<"get">} P
   * @param {P} path
   * @param {Options<Operation<P, "get">>} [options]
   * @returns {Promise<Answer<Operation<P, "get">>>}
   */
  async get(path, options) {
    return (await this.read(path, options)).data;
  }

  /**
   * The resource and its version, for `etag` of a later change.
   * @template {PathWith<"get">} P
   * @param {P} path
   * @param {Options<Operation<P, "get">>} [options]
   * @returns {Promise<{data: Answer<Operation<P, "get">>, etag: string | null}>}
   */
  async read(path, options = {}) {
    const response = await this.send("GET", path, options);
    return { data: await body(response), etag: response.headers.get("ETag") };
  }

  /**
   * @template {PathWith<"post">} P
   * @param {P} path
   * @param {Options<Operation<P, "post">>} [options]
   * @returns {Promise<Answer<Operation<P, "post">>>}
   */
  async post(path, options = {}) {
    return body(await this.send("POST", path, options));
  }

  /**
   * @template {PathWith<"patch">} P
   * @param {P} path
   * @param {Options<Operation<P, "patch">>} options
   * @returns {Promise<Answer<Operation<P, "patch">>>}
   */
  async patch(path, options) {
    return body(await this.send("PATCH", path, options));
  }

  /**
   * @template {PathWith<"put">} P
   * @param {P} path
   * @param {Options<Operation<P, "put">>} options
   * @returns {Promise<Answer<Operation<P, "put">>>}
   */
  async put(path, options) {
    return body(await this.send("PUT", path, options));
  }

  /**
   * @template {PathWith<"delete">} P
   * @param {P} path
   * @param {Options<Operation<P, "delete">>} options
   * @returns {Promise<void>}
   */
  async remove(path, options) {
    await this.send("DELETE", path, options);
  }

  /**
   * Reads a file, and says how far it is.
   * @template {PathWith<"get">} P
   * @param {P} path
   * @param {Options<Operation<P, "get">> & {progress?: Progress, signal?: AbortSignal}} options
   */
  async file(path, { progress, signal, ...options }) {
    const response = await this.send("GET", path, options, signal);
    const total = response.headers.has("Content-Encoding") ? null : Number(response.headers.get("Content-Length")) || null;
    /** @type {BlobPart[]} */
    const parts = [];
    let done = 0;
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      parts.push(part.value);
      done += part.value.length;
      progress?.(done, total);
    }
    const disposition = response.headers.get("Content-Disposition") ?? "";
    const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
    const name = encoded ? decodeURIComponent(encoded) : /filename="?([^";]+)"?/i.exec(disposition)?.[1];
    const type = response.headers.get("Content-Type") ?? "application/octet-stream";
    return { blob: new Blob(parts, { type }), name: name ?? "download" };
  }

  /**
   * Sends a form with a file. fetch() does not say how much was sent, XMLHttpRequest does.
   * @template {PathWith<"post">} P
   * @param {P} path
   * @param {{path?: PathValues<Operation<P, "post">>, form: FormData, progress?: Progress, signal?: AbortSignal}} options
   * @returns {Promise<Answer<Operation<P, "post">>>}
   */
  async upload(path, { form, progress, signal, ...options }) {
    const own = await freshTokens();
    const response = await new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open("POST", target(path, options));
      if (own) call.setRequestHeader("Authorization", `Bearer ${own.access_token}`);
      call.setRequestHeader("Idempotency-Key", newKey());
      call.upload.addEventListener("progress", (event) => progress?.(event.loaded, event.lengthComputable ? event.total : null));
      call.addEventListener("load", () => resolve(responseOf(call)));
      call.addEventListener("error", () => reject(new Unreachable("The service cannot be reached.")));
      call.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
      for (const one of [signal, this.signal]) one?.addEventListener("abort", () => call.abort());
      call.send(form);
    });
    if (!response.ok) throw await problem(response);
    return body(response);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {AnyOptions} options
   * @param {AbortSignal} [signal] ends this request alone
   * @returns {Promise<Response>}
   */
  async send(method, path, options, signal) {
    const url = target(path, options);
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json, application/problem+json, */*;q=0.5" };
    if (options.body !== undefined) headers["Content-Type"] = "application/json";
    if (options.etag) headers["If-Match"] = options.etag;
    if (method === "POST") headers["Idempotency-Key"] = newKey();
    const repeatable = method === "GET" || method === "POST";
    const signals = [signal, this.signal].filter((one) => one !== undefined);

    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const own = await freshTokens();
      if (own) headers.Authorization = `Bearer ${own.access_token}`;
      const response = await call(url, {
        method,
        headers,
        body: options.body === undefined ? null : JSON.stringify(options.body),
        signal: signals.length ? AbortSignal.any(signals) : null,
      });
      if (response.ok) return response;
      if (response.status === 401 && own && !renewed) {
        renewed = true;
        if (await reached(renew(own))) continue;
      }
      if (response.status === 401 && own) {
        end();
        throw new SignedOut("The session has ended.");
      }
      const wait = Number(response.headers.get("Retry-After"));
      const busy = response.status === 503 || response.status === 429 || response.status === 504;
      if (!repeatable || !busy || attempt === 3 || !wait || wait > 5) throw await problem(response);
      await pause(wait * 1000, this.signal);
    }
  }
}

/** @returns {Promise<Service>} */
export async function readService() {
  const response = await call(address("api/v1/service"), {});
  if (!response.ok) throw await problem(response);
  return response.json();
}

/**
 * Signs in, or throws a Problem.
 * @param {string} username
 * @param {string} password
 */
export async function signIn(username, password) {
  const response = await call(address("api/v1/auth/login"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  if (!response.ok) throw await problem(response);
  begin(await response.json());
}

/** Ends the session, here and in the service. */
export async function signOut() {
  const own = tokens();
  end();
  if (!own) return;
  await call(address("api/v1/auth/logout"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token: own.refresh_token }),
  }).catch(() => undefined);
}

/** A pair of tokens that is good for half a minute at least, or what there is. */
async function freshTokens() {
  const own = tokens();
  if (!own || own.expires_at - Date.now() > 30_000) return own;
  const fresh = await reached(renew(own));
  if (!fresh) throw new SignedOut("The session has ended.");
  return fresh;
}

/**
 * @param {string} path
 * @param {AnyOptions} options
 */
function target(path, options) {
  const values = new Map(Object.entries(options.path ?? {}));
  const url = address(path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values.get(name)))));
  url.search = withValues(new URLSearchParams(), Object.fromEntries(Object.entries(options.query ?? {}))).toString();
  return url;
}

/**
 * @param {URL} url
 * @param {RequestInit} init
 */
const call = (url, init) => reached(fetch(url, { ...init, credentials: "omit", cache: "no-store" }));

/**
 * @template T
 * @param {Promise<T>} work
 */
async function reached(work) {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TypeError) throw new Unreachable("The service cannot be reached.", { cause: error });
    throw error;
  }
}

/** @param {Response} response */
async function body(response) {
  const text = await response.text();
  return text ? JSON.parse(text) : undefined;
}

/** @param {Response} response */
async function problem(response) {
  const type = response.headers.get("Content-Type") ?? "";
  return new Problem(response, type.includes("json") ? await response.json().catch(() => ({})) : {});
}

/** @param {XMLHttpRequest} call */
function responseOf(call) {
  const headers = new Headers();
  for (const name of ["Content-Type", "ETag", "X-Request-Id", "Retry-After"]) {
    const value = call.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(call.responseText || null, { status: call.status, headers });
}

/** A new Idempotency-Key. crypto.randomUUID() exists in secure contexts only. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * @param {number} milliseconds
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<void>}
 */
const pause = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
