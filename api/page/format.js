// How figures, times and codes are shown. Times are those of the service's time zone, with the instant in UTC in their title.
//
//   number(5928) "5,928"    percent(17.5) "17.5%"    time(instant) a <time>    day("2026-11-16") "Mon, Nov 16, 2026"
//   duration(87846) "1 d 0 h"    bytes(2048) "2.0 KiB"    label("pending_review") "Pending review"    person(full_name, username)

import {el, quiet} from "./dom.js";

const LOCALE = "en-US";
const grouped = new Intl.NumberFormat(LOCALE);
const oneDecimal = new Intl.NumberFormat(LOCALE, {minimumFractionDigits: 1, maximumFractionDigits: 1});

let zone = "UTC";
let dateTime = formatter();
function formatter() {
  return new Intl.DateTimeFormat(LOCALE, {timeZone: zone, dateStyle: "medium", timeStyle: "short", hourCycle: "h23"});
}

/** @param {string} name an IANA name, from the service */
export function setTimeZone(name) {
  zone = name;
  dateTime = formatter();
}

export const timeZone = () => zone;

/** @param {number | null} [value] */
export const number = value => (value === null || value === undefined ? "–" : grouped.format(value));

/** @param {number | null | undefined} value */
export const percent = value => (value === null || value === undefined ? "–" : `${oneDecimal.format(value)}%`);

/** @param {string} instant */
export const timeText = instant => dateTime.format(new Date(instant));

/** @param {string | null | undefined} instant @returns {HTMLElement | string} */
export function time(instant) {
  return instant ? el("time", {datetime: instant, title: instant, class: "time"}, timeText(instant)) : "–";
}

/**
 * Formats civil days such as 2026-11-16. They have no zone: they are formatted as if they were days in UTC.
 * @param {Intl.DateTimeFormatOptions} options @returns {(on: string) => string}
 */
function civil(options) {
  const format = new Intl.DateTimeFormat(LOCALE, {timeZone: "UTC", month: "short", ...options});
  return on => format.format(new Date(on));
}

export const day = civil({weekday: "short", year: "numeric", day: "numeric"});
export const shortDay = civil({day: "numeric"});
export const month = civil({year: "numeric"});

/** The civil day of an instant in the service's time zone. @param {Date | string} instant */
export function dayOf(instant) {
  return new Intl.DateTimeFormat("sv-SE", {timeZone: zone, dateStyle: "short"}).format(new Date(instant));
}

/** @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** @param {number} size */
export function bytes(size) {
  if (size < 1024) return `${size} B`;
  return size < 1024 * 1024 ? `${oneDecimal.format(size / 1024)} KiB` : `${oneDecimal.format(size / 1024 / 1024)} MiB`;
}

/** @type {Map<string, string>} */
const CATEGORIES = new Map([
  ["case", "Cases"],
  ["session", "Sign-ins"],
  ["document", "Documents"],
  ["note", "Notes"],
  ["review", "Reviews"],
  ["user", "Accounts"],
  ["access", "Access and exports"]
]);

/** The instants of the API. */
export const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** The words for a code, also of one that a later version of the service added. @param {string | null | undefined} code */
export const label = code => (code ? `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll("_", " ")}` : "–");

/** @param {string} value @param {string} text @returns {readonly [value: string, text: string]} */
export const pair = (value, text) => [value, text];

/** Codes with their words, for a select or a filter. @param {readonly string[]} codes */
export const named = codes => codes.map(code => pair(code, label(code)));

/** The words for a category of actions. @param {string} code */
export const category = code => CATEGORIES.get(code) ?? label(code);

/**
 * A person: the full name with the username beside it.
 * @param {string | null | undefined} fullName
 * @param {string | null | undefined} username
 */
export function person(fullName, username) {
  if (!fullName || fullName === username) return username || "–";
  return el("span", "person", fullName, " ", quiet(username));
}
