// The session of this tab: its tokens and the account. They live in sessionStorage: nothing is left when the tab is closed.
//
// A refresh token works once. Tabs that were duplicated share one session, so a tab that needs a new pair takes a lock, asks the
// others whether they have a newer one, and only then refreshes.

const KEY = "casetrail.session";

/** The account that is signed in; null before `GET /auth/me` was answered. @type {{account: Account | null}} */
export const session = {account: null};

/** @param {string} path below the document, so that the page works behind a path prefix */
export const address = path => new URL(path.replace(/^\//, ""), document.baseURI);

/** @returns {Tokens | null} */
export function tokens() {
  const kept = sessionStorage.getItem(KEY);
  return kept ? JSON.parse(kept) : null;
}

/** @param {Tokens | null} value */
function keep(value) {
  if (value) sessionStorage.setItem(KEY, JSON.stringify(value));
  else sessionStorage.removeItem(KEY);
}

/** The id of the session that an access token names. @param {Tokens} value */
function sessionId(value) {
  const payload = value.access_token.split(".")[1] ?? "";
  return String(JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).sid);
}

const channel = new BroadcastChannel(`casetrail ${address("").pathname}`);

channel.addEventListener("message", (/** @type {MessageEvent<Message>} */ {data}) => {
  const own = tokens();
  if (!own) return;
  const id = sessionId(own);
  if ("asks" in data && data.asks === id) say({session: id, tokens: own});
  if ("tokens" in data && data.session === id && data.tokens.expires_at > own.expires_at) keep(data.tokens);
  if ("ended" in data && data.ended === id) {
    forget();
    location.reload();
  }
});

/** @param {Message} message */
const say = message => channel.postMessage(message);

/** @param {Schemas["TokenPair"]} pair */
export function begin(pair) {
  const value = {
    access_token: pair.access_token,
    refresh_token: pair.refresh_token,
    expires_at: Date.now() + pair.expires_in * 1000
  };
  keep(value);
  session.account = pair.user;
  return value;
}

function forget() {
  keep(null);
  session.account = null;
}

/** Forgets the session in this tab and in its duplicates. */
export function end() {
  const own = tokens();
  forget();
  if (own) say({ended: sessionId(own)});
}

/**
 * A pair other than the given one: a newer one of another tab, or a refreshed one. Null if the session has ended.
 * @param {Tokens} used
 * @param {(token: string) => Promise<Schemas["TokenPair"] | null>} refresh
 * @returns {Promise<Tokens | null>}
 */
export async function renew(used, refresh) {
  const work = async () => {
    const newer = () => {
      const own = tokens();
      return own && own.refresh_token !== used.refresh_token ? own : null;
    };
    if (newer()) return newer();
    say({asks: sessionId(used)});
    await new Promise(resolve => setTimeout(resolve, 100));
    if (newer()) return newer();

    const pair = await refresh(used.refresh_token);
    // Signed out in the meantime.
    if (!pair || !tokens()) {
      forget();
      return null;
    }
    const fresh = begin(pair);
    say({session: sessionId(fresh), tokens: fresh});
    return fresh;
  };
  // Web Locks exist in secure contexts only. Without them a repeated refresh has a grace of ten seconds.
  return navigator.locks ? await navigator.locks.request("casetrail refresh", work) : work();
}

/** @param {string} permission */
export const can = permission => session.account?.permissions.includes(permission) ?? false;
