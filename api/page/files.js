// The documents of a case: the list, each to be read or deleted, and the form that adds one.

import {byId, el, pushButton, quiet} from "./dom.js";
import {bytes, label, named, time} from "./format.js";
import {table} from "./table.js";
import {downloadButton} from "./download.js";
import {connect} from "./api.js";
import {field, problemForm} from "./forms.js";
import {parse} from "./route.js";
import {failureText} from "./states.js";

/** @typedef {Schemas["CaseDetail"]} Case */

const OPEN = ["accepted", "hold", "pending_review"];

/** Reads the case again after a change, and returns the focus to it. @param {Context} context */
export function changed(context) {
  context.reload();
  setTimeout(() => byId("main").querySelector("h1")?.focus());
}

/** A button that has to be pressed twice. @param {Context} context @param {string} what @param {() => Promise<void>} remove */
export function removeButton(context, what, remove) {
  const button = pushButton({class: "small", "aria-label": `Delete ${what}`, onclick: click}, "Delete");
  /** @param {Event} event */
  async function click(event) {
    // The second click of a double-click is not a second decision.
    if (event instanceof MouseEvent && event.detail > 1) return;
    if (button.textContent === "Delete") {
      button.classList.add("danger");
      button.textContent = "Delete?";
      button.setAttribute("aria-label", `Delete ${what}? Press again to delete.`);
      return;
    }
    button.disabled = true;
    await remove().then(
      () => changed(context),
      error => context.tell(failureText(error))
    );
    button.disabled = false;
  }
  return button;
}

/** @param {Context} context @param {Case} item @param {readonly Schemas["DocumentSummary"][]} rows */
export function documentParts(context, item, rows) {
  return [
    rows.length
      ? table({
          label: "Documents",
          rows,
          columns: [
            {
              label: "File",
              cell: row =>
                downloadButton(context, {
                  id: `file-${row.id}`,
                  class: "plain",
                  text: row.filename,
                  path: "/api/v1/documents/{document_id}/content",
                  values: {document_id: row.id}
                })
            },
            {label: "Type", cell: row => [label(row.document_type), row.report_number !== null && ` ${row.report_number}`]},
            {label: "Size", numeric: true, cell: row => bytes(row.size_bytes)},
            {label: "Added", cell: row => [time(row.created_at), row.uploaded_by && quiet(` ${row.uploaded_by.full_name}`)]},
            {
              label: "Remove",
              cell: row =>
                row.allowed_actions.includes("delete") &&
                removeButton(context, row.filename, () =>
                  context.api.remove("/api/v1/documents/{document_id}", {path: {document_id: row.id}})
                )
            }
          ]
        })
      : el("p", "none", "No documents"),
    item.allowed_actions.includes("upload") &&
      el("details", "add", el("summary", {}, "Add a document"), uploadForm(context, item))
  ];
}

/** @param {Context} context @param {Case} item */
function uploadForm(context, item) {
  const open = OPEN.includes(item.status);
  const types = ["supporting", "fact_finder", ...(context.can("work_on_cases") && open ? ["report"] : []), "other"];
  const bar = el("progress", {max: 1, value: 0, "aria-label": "Sent so far"});
  const stop = pushButton({class: "small", onclick: () => running?.abort()}, "Cancel");
  const words = el("span", "quiet");
  const progress = el("div", {class: "progress", hidden: true}, bar, words, stop);
  /** @type {AbortController | null} */
  let running = null;
  return problemForm(
    {
      label: "Add a document",
      submit: "Upload",
      onsend: async (values, form, key) => {
        const sent = new FormData(form);
        for (const name of ["report_number", "notes"]) if (!values[name]) sent.delete(name);
        running = new AbortController();
        bar.value = 0;
        words.textContent = "";
        progress.hidden = false;
        try {
          // Without the signal of the view: the upload continues when the case is read again, or left.
          await connect().upload("/api/v1/cases/{case_id}/documents", {
            path: {case_id: item.id},
            form: sent,
            key,
            signal: running.signal,
            progress: (done, total) => {
              bar.value = total ? done / total : 0;
              words.textContent = total ? `${bytes(done)} of ${bytes(total)}` : bytes(done);
            }
          });
          context.tell("The document was added.");
          if (parse(location.hash).path[0] === item.id) changed(context);
        } catch (error) {
          // All of it may have arrived before.
          if (error instanceof DOMException) {
            context.tell("The upload was cancelled.");
            changed(context);
          }
          throw error;
        } finally {
          progress.hidden = true;
        }
      }
    },
    field({
      name: "file",
      label: "File",
      type: "file",
      required: true,
      hint: "PDF, an image, DOCX, XLSX, CSV or text; at most 50 MiB"
    }),
    el(
      "div",
      "field-row",
      field({name: "document_type", label: "Type", options: named(types)}),
      types.includes("report") &&
        field({
          name: "report_number",
          label: "Number of the report",
          type: "number",
          hint: "Only for reports",
          more: {min: 1, max: item.num_reports_requested}
        })
    ),
    field({name: "notes", label: "Notes"}),
    progress
  );
}
