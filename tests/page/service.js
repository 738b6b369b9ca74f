// Calls of the API as a person, to arrange and to compare: service(url).as("manager").get("/api/v1/cases", {limit: 1}).

/** An access token lasts ten minutes. */
const FRESH = 5 * 60_000;
/** How often a busy service is asked, in all. It has changed nothing, and says when to come back: `Retry-After`. */
const ATTEMPTS = 10;
/** Statuses of a service that is busy, at all or with this caller. */
const BUSY = [429, 503];

/** @param {string} base ends with a slash @param {Map<string, string>} [passwords] those that are not the demo's */
export function service(base, passwords = new Map()) {
  /** @type {Map<string, {at: number, pair: Promise<any>}>} */
  const sessions = new Map();

  async function signIn(username) {
    const password = passwords.get(username) ?? `${username}-demo-pass`;
    const { body, status } = await call(null, "POST", "/api/v1/auth/login", { body: { username, password } });
    if (status !== 200) throw new Error(`${username} cannot sign in: ${JSON.stringify(body)}`);
    return body;
  }

  /** The tokens of a person. @param {string} username */
  function session(username) {
    const known = sessions.get(username);
    if (known && Date.now() - known.at < FRESH) return known.pair;
    const pair = signIn(username);
    sessions.set(username, { at: Date.now(), pair });
    return pair;
  }

  async function call(username, method, path, options) {
    for (let attempt = 1; ; attempt++) {
      const answer = await callOnce(username, method, path, options);
      if (!BUSY.includes(answer.status) || attempt === ATTEMPTS) return answer;
      await new Promise((resolve) => setTimeout(resolve, Number(answer.headers.get("Retry-After") ?? 1) * 1000));
    }
  }

  async function callOnce(username, method, path, { query = {}, body, headers = {} } = {}) {
    const url = new URL(path.replace(/^\//, ""), base);
    for (const [name, value] of Object.entries(query))
      for (const one of [value].flat()) if (one !== null && one !== undefined) url.searchParams.append(name, String(one));
    const isForm = body instanceof FormData;
    const response = await fetch(url, {
      method,
      headers: {
        ...(username && { Authorization: `Bearer ${(await session(username)).access_token}` }),
        ...(body && !isForm && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson =
      response.headers.get("Content-Type")?.includes("json") && !response.headers.get("Content-Type")?.includes("ndjson");
    return { status: response.status, headers: response.headers, text, body: isJson && text ? JSON.parse(text) : null };
  }

  const as = (username) => {
    const ok = async (method, path, options) => {
      const answer = await call(username, method, path, options);
      if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
      return answer.body ?? answer.text;
    };
    return {
      get: (path, query) => ok("GET", path, { query }),
      post: (path, body) => ok("POST", path, { body }),
      patch: (path, body) => ok("PATCH", path, { body }),
      put: (path, body) => ok("PUT", path, { body }),
      call: (method, path, options) => call(username, method, path, options),
    };
  };
  /** A program, by its API key. @param {string} key */
  const program = (key) => {
    const headers = { Authorization: `Bearer ${key}` };
    return {
      get: (path, query) => call(null, "GET", path, { query, headers }),
      post: (path, body) => call(null, "POST", path, { body, headers }),
    };
  };
  return { base, as, session, program };
}
