// The router loads a view by its name, which the compiler does not follow: so it is said here that each of them is one.

import * as alerts from "../../api/page/views/alerts.js";
import * as caseView from "../../api/page/views/case.js";
import * as cases from "../../api/page/views/cases.js";
import * as changes from "../../api/page/views/changes.js";
import * as entry from "../../api/page/views/entry.js";
import * as log from "../../api/page/views/log.js";
import * as overview from "../../api/page/views/overview.js";
import * as people from "../../api/page/views/people.js";
import * as reviews from "../../api/page/views/reviews.js";
import * as signin from "../../api/page/views/signin.js";
import * as system from "../../api/page/views/system.js";

export const views: readonly View[] = [
  alerts,
  caseView,
  cases,
  changes,
  entry,
  log,
  overview,
  people,
  reviews,
  signin,
  system,
];
