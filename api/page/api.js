// Calls the API. Paths, parameters, request bodies and answers have the types of openapi.yaml: see tests/page/types.d.ts.
//
//   await context.api.get("/api/v1/cases", {query: {status: ["hold"]}})     → the body of the answer
//   await context.api.post("/api/v1/cases/{case_id}/hold", {path, body, etag}), patch(…), remove(…)
//   await context.api.upload("/api/v1/cases/{case_id}/documents", {path, form, progress, signal})
//   await context.api.file("/api/v1/…csv", {query, progress, signal})       → {blob, name}
//
// An answer with an error throws a Problem (RFC 9457), a service that is not reached throws Unreachable. Reads are repeated after
// Retry-After; so are POST requests, which their Idempotency-Key makes safe. Leaving a view ends its requests.

import {address, begin, end, renew, tokens} from "./session.js";
import {withValues} from "./route.js";

/** An error that the service answered. */
export class Problem extends Error {
  /** @param {Response} response @param {Partial<Schemas["Problem"]>} body */
  constructor(response, body) {
    super(body.detail ?? `The service answered ${response.status}.`);
    this.status = response.status;
    this.code = body.code ?? "";
    this.title = body.title ?? `Error ${response.status}`;
    this.detail = this.message;
    /** The fields that are wrong: `pointer` is `/reason` for the field `reason`. */
    this.errors = body.errors ?? [];
    this.requestId = body.request_id ?? response.headers.get("X-Request-Id");
    this.retryAfter = Number(response.headers.get("Retry-After")) || null;
    /** All that the problem says, such as `current_status`. */
    this.body = body;
  }
}

/** The service was not reached: no network, or no service. */
export class Unreachable extends Error {}

/** The session has ended. The page shows the sign-in, so what catches this has nothing to report. */
export class SignedOut extends Error {}

function signedOut() {
  end();
  dispatchEvent(new Event("signedout"));
  return new SignedOut("The session has ended. Sign in again.");
}

/** The calls of a view. @param {AbortSignal} [view] ends them @returns {Api} */
export const connect = view => ({
  get: async (path, options = {}) => content(await send("GET", path, options, view)),
  post: async (path, options = {}) => content(await send("POST", path, options, view)),
  patch: async (path, options) => content(await send("PATCH", path, options, view)),
  remove: async (path, options) => void (await send("DELETE", path, options, view)),

  file: async (path, {progress, signal, ...options}) => {
    const response = await send("GET", path, options, view, signal);
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
    return {blob: new Blob(parts, {type}), name: name ?? "download"};
  },

  // fetch() does not say how much of a body was sent, XMLHttpRequest does.
  upload: async (path, {form, progress, signal, ...options}) => {
    const own = await freshTokens();
    /** @type {Response} */
    const response = await new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open("POST", target(path, options));
      if (own) call.setRequestHeader("Authorization", `Bearer ${own.access_token}`);
      call.setRequestHeader("Idempotency-Key", options.key ?? newKey());
      call.upload.onprogress = event => progress?.(event.loaded, event.lengthComputable ? event.total : null);
      call.onload = () => resolve(responseOf(call));
      call.onerror = () => reject(new Unreachable());
      call.onabort = () => reject(new DOMException("cancelled", "AbortError"));
      for (const one of [signal, view]) one?.addEventListener("abort", () => call.abort());
      call.send(form);
    });
    if (!response.ok) throw await problem(response);
    return content(response);
  }
});

/** @param {string} method @param {string} path @param {AnyOptions} options @param {(AbortSignal | undefined)[]} ends */
async function send(method, path, options, ...ends) {
  const url = target(path, options);
  const {body, etag} = options;
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  if (method === "POST") headers["Idempotency-Key"] = options.key ?? newKey();
  const signals = ends.filter(one => one !== undefined);
  const signal = signals.length ? AbortSignal.any(signals) : null;

  let renewed = false;
  for (let attempt = 1; ; attempt++) {
    const own = await freshTokens();
    if (own) headers.Authorization = `Bearer ${own.access_token}`;
    const response = await call(url, {method, headers, body: body === undefined ? null : JSON.stringify(body), signal});
    if (response.ok) return response;
    if (response.status === 401 && own && !renewed) {
      renewed = true;
      if (await renew(own, refresh)) continue;
    }
    if (response.status === 401) throw signedOut();
    const wait = Number(response.headers.get("Retry-After"));
    const again = (method === "GET" || method === "POST") && [429, 503, 504].includes(response.status);
    if (!again || attempt === 3 || !wait || wait > 5) throw await problem(response);
    await response.body?.cancel();
    await new Promise(resolve => setTimeout(resolve, wait * 1000));
    signal?.throwIfAborted();
  }
}

/** @param {URL} url @param {RequestInit} init */
async function answered(url, init) {
  const response = await call(url, init);
  if (!response.ok) throw await problem(response);
  return response;
}

/** @returns {Promise<Service>} */
export async function readService() {
  return (await answered(address("api/v1/service"), {})).json();
}

/** Signs in, or throws a Problem. @param {string} username @param {string} password */
export async function signIn(username, password) {
  const response = await answered(address("api/v1/auth/login"), json({username, password}));
  begin(await response.json());
}

/** Ends the session, here at once, then in the service. Throws where it was not ended. */
export async function signOut() {
  const own = tokens();
  end();
  if (own) await answered(address("api/v1/auth/logout"), json({refresh_token: own.refresh_token}));
}

/** @param {object} body @returns {RequestInit} */
export const json = body => ({method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});

/** A pair of tokens that is good for half a minute at least, or none. */
async function freshTokens() {
  const own = tokens();
  if (!own || own.expires_at - Date.now() > 30_000) return own;
  const fresh = await renew(own, refresh);
  if (!fresh) throw signedOut();
  return fresh;
}

/** A new pair for a refresh token, or null if the session has ended. @param {string} token */
async function refresh(token) {
  const response = await call(address("api/v1/auth/refresh"), json({refresh_token: token}));
  if (response.status === 401) return null;
  if (!response.ok) throw await problem(response);
  return response.json();
}

/** @param {string} path @param {AnyOptions} options */
function target(path, options) {
  const values = new Map(Object.entries(options.path ?? {}));
  const url = address(path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values.get(name)))));
  url.search = withValues(new URLSearchParams(), Object.fromEntries(Object.entries(options.query ?? {}))).toString();
  return url;
}

/** @param {URL} url @param {RequestInit} init */
async function call(url, init) {
  try {
    return await fetch(url, {...init, credentials: "omit", cache: "no-store"});
  } catch (error) {
    throw error instanceof TypeError ? new Unreachable("The service cannot be reached.", {cause: error}) : error;
  }
}

/** @param {Response} response */
async function content(response) {
  const text = await response.text();
  return text ? JSON.parse(text) : undefined;
}

/** @param {Response} response */
async function problem(response) {
  const isJson = response.headers.get("Content-Type")?.includes("json");
  return new Problem(response, isJson ? await response.json().catch(() => ({})) : {});
}

/** @param {XMLHttpRequest} call */
function responseOf(call) {
  const headers = new Headers();
  for (const name of ["Content-Type", "ETag", "X-Request-Id", "Retry-After"]) {
    const value = call.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(call.responseText || null, {status: call.status, headers});
}

// crypto.randomUUID() exists in secure contexts only.
/** A new Idempotency-Key: a form keeps one as long as it is the same attempt. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");
