// The addresses of every view, for stories that look at all of them.

/** What an administrator sees. @param {any} house */
export async function places(house) {
  const api = house.api("admin");
  const first = async (path, query) => (await api.get(path, { limit: 1, ...query })).data[0];
  const person = (await first("/api/v1/users", { q: "tech2" })).id;
  const held = (await first("/api/v1/audit-log", { action_type: "case_held" })).id;
  return {
    overview: "#/overview?period=last_week",
    people: "#/people?period=last_week",
    person: `#/people?period=last_week&user_id=${person}`,
    changes: "#/changes?period=last_week&change_type=hold",
    reviews: "#/reviews?period=last_week",
    system: "#/system?period=last_week",
    log: "#/log",
    drawer: `#/log?entry=${held}`,
    entry: `#/entry/${held}`,
    cases: "#/cases",
    case: `#/case/${(await first("/api/v1/cases", { status: "hold" })).id}`,
    alerts: "#/alerts",
  };
}
