// How the page shall write figures and times, told independently of it.

const grouped = new Intl.NumberFormat("en-US");
const oneDecimal = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const number = (value) => (value === null || value === undefined ? "–" : grouped.format(value));
export const percent = (value) => (value === null || value === undefined ? "–" : `${oneDecimal.format(value)}%`);

/** @param {string} zone */
export function clock(zone) {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
  const on = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  return {
    time: (instant) => (instant ? format.format(new Date(instant)).replace(/\s/g, " ") : "–"),
    dayOf: (instant) => on.format(new Date(instant)),
  };
}

/** @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null) return "–";
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** @param {string} code */
export const words = (code) => (code ? `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll("_", " ")}` : "–");

/** As in a table: the full name, then the username. */
export const person = (fullName, username) => (!fullName || fullName === username ? username || "–" : `${fullName} ${username}`);

/** A civil day so many days ago, in UTC, such as 2026-11-16. @param {number} days */
export const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

/** As a report writes a day. @param {string} on */
export const dayText = (on) =>
  new Intl.DateTimeFormat("en-US", {
    timeZone: "UTC",
    weekday: "short",
    year: "numeric",
    month: "short",
    day: "numeric",
  }).format(new Date(`${on}T00:00:00Z`));
