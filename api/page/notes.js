// What people wrote about a case: its notes, the form that adds one, and the decisions of its reviews.

import {el} from "./dom.js";
import {label, time} from "./format.js";
import {badge} from "./report.js";
import {changed, removeButton} from "./files.js";
import {field, problemForm} from "./forms.js";

/** @typedef {Schemas["CaseDetail"]} Case */

/** A text with its author above it. @param {Child[]} head @param {string | null} text */
const remark = (head, text) => el("li", {}, el("p", "note-head", ...head), text && el("p", "prose", text));

/** @param {Context} context @param {Case} item @param {readonly Schemas["CaseNote"][]} rows newest first */
export function noteParts(context, item, rows) {
  const isStaff = context.can("work_on_cases");
  return [
    el(
      "ul",
      "notes",
      ...rows.map(row =>
        remark(
          [
            el("strong", {}, row.author?.full_name ?? "–"),
            time(row.created_at),
            isStaff && badge(row.visibility, label(row.visibility), row.visibility === "internal" ? "" : "info"),
            row.allowed_actions.includes("delete") &&
              removeButton(context, "the note", () =>
                context.api.remove("/api/v1/notes/{note_id}", {path: {note_id: row.id}, etag: `"${row.version}"`})
              )
          ],
          row.body
        )
      )
    ),
    rows.length === 0 && el("p", "none", "No notes"),
    item.allowed_actions.includes("comment") &&
      el(
        "details",
        "add",
        el("summary", {}, "Write a note"),
        problemForm(
          {
            label: "Write a note",
            submit: "Add the note",
            onsend: async ({body = "", visibility}, _, key) => {
              const path = {case_id: item.id};
              await context.api.post("/api/v1/cases/{case_id}/notes", {
                path,
                key,
                body: {body, visibility: visibility === "internal" ? "internal" : "shared"}
              });
              context.tell("The note was added.");
              changed(context);
            }
          },
          field({name: "body", label: "Note", multiline: true, required: true}),
          isStaff &&
            field({
              name: "visibility",
              label: "Who can read it",
              options: [
                ["internal", "The staff"],
                ["shared", "The staff and the member"]
              ]
            })
        )
      )
  ];
}

/** @param {readonly Schemas["CaseReview"][]} rows */
export const reviewParts = rows => [
  rows.length
    ? el(
        "ul",
        "notes",
        ...rows.map(row =>
          remark(
            [
              badge(row.review_action, label(row.review_action), row.review_action === "approved" ? "good" : ""),
              el("strong", {}, row.reviewer?.full_name ?? "–"),
              time(row.reviewed_at)
            ],
            row.notes
          )
        )
      )
    : el("p", "none", "No reviews")
];
