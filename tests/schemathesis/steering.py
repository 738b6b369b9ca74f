"""Turns a generated request that is meant to be accepted into one that can be: real ids, objects in the right state, and the
rules that span several fields, which the contract tells in words because its schemas have no `oneOf`.
"""

import re
from pathlib import Path

from world import PDF, UUID, civil_day, instant

# Which case an operation needs, by the name of what makes one.
CASES = {
    "submit_case": "draft",
    "accept_case": "submitted",
    "reject_case": "submitted",
    "assign_case": "accepted",
    "take_case": "unassigned",
    "change_case_tier": "accepted",
    "hold_case": "accepted",
    "change_case_hold": "held",
    "change_case_member": "accepted",
    "resume_case": "held",
    "adjust_case_credit": "accepted",
    "complete_case": "accepted",
    "approve_review": "in_review",
    "request_revisions": "in_review",
    "correct_review": "in_review",
    "release_case": "completed",
    "resubmit_case": "handed_back_and_edited",
    "reopen_case": "completed",
    "acknowledge_case_updates": "updated",
    "delete_case": "draft",
    "edit_case": "accepted",
    "upload_document": "accepted",
    "create_case_note": "accepted",
    "list_case_notes": "accepted",
}
# Passwords too easy to guess: the service's own list, which no schema can hold.
COMMON = set((Path(__file__).parents[2] / "api" / "src" / "credentials" / "password" / "well_known.txt").read_text().splitlines())
# Invisible characters beyond the BMP: the service refuses them in names, but engines differ on how a pattern contains them.
INVISIBLE = re.compile("[\U000110BD\U000110CD\U00013430-\U0001343F\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]")
# What takes away a user's access.
DANGEROUS = {"delete_user", "deactivate_user", "change_user_role", "reset_user_password"}
# Filters of the log that may need a period.
UNINDEXED = {"changed_field", "q", "ip_address"}
ENDS_SESSIONS = {"end_user_session", "end_user_sessions"}


class Steering:
    def __init__(self, world):
        self.world = world
        self.seen = set()
        # A user who changes their own password, in place of the runner, and a user whose role changes.
        self.changer = world.new_member()
        self.changeling = world.new_member().id
        # A user whose sessions are ended.
        self.guest = world.new_member()
        self.own_jobs = {job["job_name"] for job in world.admin.get("/jobs")["data"]}

    # Before the call.

    def steer(self, operation_id, case, dice, phase):
        self.path(operation_id, case, dice, phase)
        self.query(operation_id, case, dice)
        self.headers(case, dice)
        if isinstance(case.body, dict):
            for name, value in case.body.items():
                if isinstance(value, str):
                    case.body[name] = INVISIBLE.sub("x", value)
            repair = getattr(self, f"body_of_{operation_id}", None)
            if repair is not None:
                repair(case.body, dice, case)

    def path(self, operation_id, case, dice, phase):
        """Eight of ten requests find what they need, one something else that exists, the rest what was generated."""
        path = case.path_parameters
        if not path:
            return
        name = next(iter(path))
        # A link of the contract led here, and is to be followed.
        is_linked = str(path[name]) in self.seen
        if is_linked and (phase == "stateful" or dice.random() < 0.15):
            return
        throw = dice.random()
        if operation_id in ENDS_SESSIONS and throw < 0.8:
            self.session_of_a_guest(case)
        elif operation_id.endswith(("_api_key", "_api_keys")) and throw < 0.8:
            user, key = self.world.service()
            path["user_id"] = user
            if "key_id" in path:
                path["key_id"] = key
        elif "quarter" in path and throw < 0.8:
            # What members may read of their own credits and what an administrator sets: both have a member and a quarter.
            user = path["user_id"] = self.user(operation_id, dice)
            quarter = dice.choice(["2026-Q3", "2026-Q4", "2027-Q1"])
            path["quarter"] = self.world.allowed(user, quarter) if operation_id == "get_credit_allowance" else quarter
        elif name == "case_id" and throw < 0.8:
            path[name] = self.case(operation_id, dice)
        elif name == "case_id" and throw < 0.9:
            path[name] = dice.choice(self.world.known_cases)
        elif name == "user_id" and throw < 0.8:
            path[name] = self.user(operation_id, dice)
        elif name == "user_id" and throw < 0.9:
            path[name] = dice.choice(self.world.known_users)
        elif name == "document_id" and throw < 0.8:
            path[name] = self.world.document()
        elif name == "document_id" and throw < 0.9 and self.world.known_documents:
            path[name] = dice.choice(self.world.known_documents)
        elif name == "entry_id" and throw < 0.7:
            path[name] = self.world.entry()
        elif name == "note_id" and throw < 0.8:
            path[name] = self.world.note()
        elif name == "alert_id" and throw < 0.8:
            path[name] = self.world.alert()

    def session_of_a_guest(self, case):
        """A session of a user whom the run does without. Members end only their own sessions."""
        token = self.guest.sign_in()["access_token"]
        case.path_parameters["user_id"] = self.guest.id
        if self.world.role == "member" and case.headers.get("Authorization") == self.world.runner.bearer():
            case.headers["Authorization"] = f"Bearer {token}"
        if "session_id" in case.path_parameters:
            sessions = self.world.admin.get(f"/users/{self.guest.id}/sessions")["data"]
            case.path_parameters["session_id"] = sessions[0]["id"]

    def case(self, operation_id, dice):
        make = CASES.get(operation_id)
        if make is None:
            return dice.choice(self.world.known_cases[-50:])
        case = getattr(self.world, make)()
        self.world.known_cases.append(case)
        return case

    def user(self, operation_id, dice):
        if operation_id == "delete_user":
            return self.world.new_member().id
        if operation_id == "change_user_role":
            return self.changeling
        if self.world.role == "member":
            return self.world.runner.id
        return self.world.throwaway()

    def query(self, operation_id, case, dice):
        query = case.query
        for name in ("since", "until"):
            if name in query:
                # Text with a shape that no pattern tells from a day that does not exist.
                query[name] = dice.choice([civil_day, instant])(dice.randint(-90, -60) if name == "since" else dice.randint(-30, 30))
        for name in ("due_before", "due_after"):
            if name in query:
                # "Between the years 2000 and 2100."
                query[name] = civil_day(dice.randint(-30, 30))
        if "updated_since" in query:
            query["updated_since"] = instant(dice.randint(-30, 0))
        if operation_id.startswith("export_") and dice.random() < 0.9:
            # Nine of ten exports are of the last days: half a year of entries, hundreds of times, would only cost time.
            query["since"] = civil_day(dice.randint(-4, -2))
            query.pop("until", None)
        if "since" in query or "until" in query:
            # "A period has either bounds or all_time, or a name."
            query.pop("all_time", None)
            query.pop("period", None)
        if "period" in query:
            query.pop("all_time", None)
        if "ip_address" in query:
            query["ip_address"] = dice.choice(["127.0.0.1", "192.0.2.0/24", "::1", "2001:db8::/32"])
        if self.world.role == "member":
            # "Not a filter for members": they see no tier.
            query.pop("tier", None)
            if query.get("sort") in ("tier", "-tier"):
                del query["sort"]
            if query.get("by") == "tier":
                query["by"] = "status"
        if operation_id == "delete_case":
            # "Required unless the case is a draft."
            query.setdefault("reason", "handed in twice")
        if "changed_from" in query or "changed_to" in query:
            # "A value that the field can have": any text can be a name.
            query["changed_field"] = "employee_last_name"
        if operation_id == "list_audit_log" and UNINDEXED & query.keys():
            # "Requires a period of at most 31 days": no index bounds what such a filter reads.
            query["since"] = civil_day(dice.randint(-20, -2))
            for name in ("until", "all_time", "period"):
                query.pop(name, None)
        if "user_id" in query and dice.random() < 0.8:
            query["user_id"] = dice.choice(self.world.known_users)
        if operation_id == "list_reviews" and ("reviewer_id" in query or "review_action" in query):
            # "Only with status=decided."
            query["status"] = "decided"
        if "cursor" in query:
            # A cursor is good for the list that gave it out, and for no other.
            del query["cursor"]
            cursor = self.next_cursor(case, dice)
            if cursor is not None:
                query["cursor"] = cursor

    def next_cursor(self, case, dice):
        """Requests the first page of the same list, and continues from there."""
        page = case.derive(query={**case.query, "limit": 1})
        page.headers["Authorization"] = self.world.runner.bearer()
        answer = page.operation.schema.transport.send(page)
        if answer.status_code != 200 or "json" not in "".join(answer.headers.get("content-type", [])):
            return None
        body = answer.json()
        return body.get("entries", body)["page"]["next_cursor"]

    def headers(self, case, dice):
        """schemathesis draws header values without regard to their patterns, so it can't keep to those of these two."""
        headers = case.headers
        if "If-Match" in headers:
            # With the version that the resource has; which others are stale, the service's own tests ask.
            version = self.version(case)
            choice = dice.choice(["*", "one", "none"])
            # What isn't there yet has no version to expect.
            if choice == "none" or version is None:
                del headers["If-Match"]
            else:
                headers["If-Match"] = "*" if choice == "*" else version
        if "Idempotency-Key" in headers:
            # A key names one request: with the body of another it is refused.
            letters = "".join(map(chr, range(ord("!"), ord("~") + 1)))
            headers["Idempotency-Key"] = "".join(self.world.dice.choices(letters, k=dice.randint(24, 128)))

    def version(self, case):
        """What `ETag` says of the resource a path names; nothing where there is none."""
        by, path = self.world.runner, "settings" if case.operation.definition.raw["operationId"] == "edit_settings" else "auth/me"
        for name, value in (case.path_parameters or {}).items():
            if name == "key_id":
                continue
            if name == "quarter":
                path = f"{path}/credit-allowances/{value}"
            else:
                by, path = self.world.admin, f"{name.removesuffix('_id')}s/{value}"
        answer = self.world.http.get(f"{self.world.api}/{path}", headers={"Authorization": by.bearer()}, timeout=30)
        return answer.headers.get("ETag")

    def body_of_login(self, body, dice, case):
        if dice.random() < 0.5:
            person = self.world.cast[dice.choice(["member2", "tech3"])]
            body.update(username=person.username, password=person.password)

    def body_of_refresh_session(self, body, dice, case):
        if dice.random() < 0.7:
            body["refresh_token"] = self.spare_refresh_token()

    def body_of_logout(self, body, dice, case):
        if dice.random() < 0.7:
            body["refresh_token"] = self.spare_refresh_token()

    def spare_refresh_token(self):
        return self.world.member2.sign_in()["refresh_token"]

    def body_of_edit_own_account(self, body, dice, case):
        self.email(body, dice)
        self.workshop_of(body, self.world.role)

    def email(self, body, dice):
        """No other user may have it."""
        if "email" in body and dice.random() < 0.7:
            body["email"] = f"{self.world.dice.getrandbits(64):x}@example.org"

    def body_of_edit_user(self, body, dice, case):
        self.email(body, dice)
        is_member = case.path_parameters["user_id"] in self.world.throwaways
        self.workshop_of(body, "member" if is_member else "unknown")

    def workshop_of(self, body, role):
        """Only members have a workshop. An empty text is the same as null."""
        if role != "member" or not body.get("workshop_code"):
            body.pop("workshop_code", None)

    def body_of_create_user(self, body, dice, case):
        self.email(body, dice)
        if dice.random() < 0.7:
            body["username"] = f"{self.world.dice.getrandbits(64):x}"
        if self.world.role == "technician" and dice.random() < 0.8:
            body["role"] = "member"
        self.rights(body)
        role = body["role"]
        if role == "member":
            body["workshop_code"] = body.get("workshop_code") or "WS001"
        else:
            body.pop("workshop_code", None)
        if role == "service":
            body.pop("password", None)
        else:
            body["password"] = uncommon(body.get("password") or "eleven green bottles")

    def body_of_create_user_api_key(self, body, dice, case):
        if body.get("expires_at") is not None:
            # "In the future and within 3,650 days."
            body["expires_at"] = instant(dice.randint(1, 3000))

    def body_of_edit_settings(self, body, dice, case):
        # "A zone of the IANA time zone database", of which no schema knows the names. The rest of the run reckons with this one.
        if "time_zone" in body:
            body["time_zone"] = "America/Chicago"
        # Others ask for mails and for their own activity.
        for switch in ("email_notifications_enabled", "own_activity_enabled"):
            if switch in body:
                body[switch] = True
        # And upload documents.
        for quota in ("member_document_quota_mib", "case_document_quota_mib"):
            if quota in body:
                body[quota] = 5120

    def body_of_reset_user_password(self, body, dice, case):
        body["new_password"] = uncommon(body["new_password"])

    def body_of_change_own_password(self, body, dice, case):
        body["new_password"] = uncommon(body["new_password"])
        if dice.random() < 0.6:
            body["current_password"] = self.changer.password

    def body_of_change_user_role(self, body, dice, case):
        self.rights(body)

    def rights(self, body):
        """A level goes with technicians, scopes go with service accounts."""
        if body["role"] == "technician":
            body["user_level"] = body.get("user_level") or "level_1"
        else:
            body.pop("user_level", None)
        if body["role"] == "service":
            body["scopes"] = body.get("scopes") or ["audit:read"]
        else:
            body.pop("scopes", None)

    def body_of_ingest_cron_run(self, body, dice, case):
        """An error goes with what failed, and an end comes after its beginning. The service records its own jobs by itself."""
        if body["job_name"] in self.own_jobs:
            body["job_name"] = "nightly-sync"
        if body["status"] == "success":
            body.pop("error_message", None)
        for name, days in (("started_at", -2), ("finished_at", -1)):
            if body.get(name) is not None:
                body[name] = instant(days)

    def body_of_ingest_email_notification(self, body, dice, case):
        if body["delivery_status"] == "sent":
            body.pop("error_message", None)
        if body.get("sent_at") is not None:
            body["sent_at"] = instant(-1)
        self.known_case(body, dice)

    def body_of_ingest_credit_resets(self, body, dice, case):
        """Either each member's or one number."""
        if body.get("resets"):
            members = [self.world.member1.id, self.world.member2.id]
            body["resets"] = [{**reset, "user_id": member} for reset, member in zip(body["resets"], members, strict=False)]
            body.pop("member_count", None)
            body.pop("new_allowance", None)
        else:
            body.pop("resets", None)
            body["member_count"] = body.get("member_count") or 0
            body["new_allowance"] = body.get("new_allowance") or 0

    def body_of_ingest_bulk_export(self, body, dice, case):
        self.on_behalf(body, dice)
        self.facts(body, "filters")

    def body_of_ingest_report_generation(self, body, dice, case):
        self.on_behalf(body, dice)
        self.facts(body, "parameters")

    def body_of_ingest_audit_access(self, body, dice, case):
        self.on_behalf(body, dice)
        self.facts(body, "filters")

    def body_of_ingest_activity(self, body, dice, case):
        self.known_case(body, dice)
        self.facts(body, "metadata")
        if body.get("metadata"):
            body["metadata"].pop("event", None)

    def known_case(self, body, dice):
        if body.get("case_id") is not None:
            body["case_id"] = self.world.accepted()

    def on_behalf(self, body, dice):
        if body.get("user_id") is not None:
            body["user_id"] = dice.choice(self.world.known_users)

    def facts(self, body, name):
        """Numbers that have one spelling, which no schema of a free map tells."""
        if body.get(name):
            body[name] = {f"key_{number}": str(value)[:50].replace("\0", "") for number, value in enumerate(body[name].values())}

    def body_of_create_case(self, body, dice, case):
        self.due_on(body, dice)
        if self.world.role == "member":
            body.pop("member_id", None)
        else:
            body["member_id"] = self.world.member1.id
            body["submit"] = False

    def body_of_edit_case(self, body, dice, case):
        self.due_on(body, dice)
        if self.world.role == "member" and dice.random() < 0.8:
            body.pop("internal_notes", None)
            body.pop("report_notes_to_member", None)

    def due_on(self, body, dice):
        if body.get("due_on") is not None:
            body["due_on"] = civil_day(dice.randint(1, 400))

    def body_of_create_case_note(self, body, dice, case):
        """Members' comments are shared, and are about their own cases."""
        if self.world.role == "member" and dice.random() < 0.8:
            body["visibility"] = "shared"

    def body_of_hold_case(self, body, dice, case):
        # "At most three decimals": floats are no multiples of 0.001 that validators agree about.
        if body.get("hold_duration_days") is not None:
            body["hold_duration_days"] = max(0.001, round(body["hold_duration_days"], 3))

    body_of_change_case_hold = body_of_hold_case

    def body_of_change_case_member(self, body, dice, case):
        body["member_id"] = self.changer.id

    def body_of_accept_case(self, body, dice, case):
        self.assigned_to(body, dice)
        if body.get("assigned_to") is None and self.world.role != "technician":
            body["assigned_to"] = self.world.tech3.id

    def body_of_assign_case(self, body, dice, case):
        self.assigned_to(body, dice)

    def assigned_to(self, body, dice):
        if body.get("assigned_to") is not None:
            body["assigned_to"] = dice.choice([self.world.tech2, self.world.tech3, self.world.tech3, self.world.tech3]).id
        self.override(body, dice)

    def body_of_change_case_tier(self, body, dice, case):
        self.override(body, dice)

    def override(self, body, dice):
        """Only an administrator sets the level rule aside."""
        if self.world.role != "administrator" and dice.random() < 0.8:
            body.pop("override_reason", None)

    def body_of_complete_case(self, body, dice, case):
        """`release_at` goes with a scheduled release, within 60 days; the reports that were asked for are never there."""
        if case.operation.definition.raw["operationId"] == "complete_case" and dice.random() < 0.8:
            body["override_incomplete"] = True
        if body.get("release") == "scheduled":
            body["release_at"] = instant(dice.randint(1, 59))
        else:
            body.pop("release_at", None)

    def body_of_upload_document(self, body, dice, case):
        """A file of a type that is taken; a number goes with a report, and reports are the staff's."""
        # As text: a body with bytes in it counts as one that the schema doesn't allow, once it was steered.
        body["file"] = PDF.decode()
        if body.get("document_type") == "report" and self.world.role == "member" and dice.random() < 0.8:
            body["document_type"] = "other"
        if body.get("document_type") == "report":
            body["report_number"] = 1
        else:
            body.pop("report_number", None)

    body_of_approve_review = body_of_complete_case
    body_of_correct_review = body_of_complete_case

    # Always.

    def protect(self, operation_id, case):
        """The users as whom the run signs in are never locked out: these values, and no others, are never sent."""
        if operation_id == "change_own_password" and case.headers.get("Authorization") == self.world.runner.bearer():
            case.headers["Authorization"] = self.changer.bearer()
        if operation_id in ENDS_SESSIONS and case.path_parameters.get("user_id") in self.world.protected:
            self.session_of_a_guest(case)
        if operation_id in DANGEROUS and case.path_parameters.get("user_id") in self.world.protected:
            case.path_parameters["user_id"] = self.user(operation_id, self.world.dice)
        if operation_id == "change_user_role" and case.path_parameters.get("user_id") in self.world.throwaways:
            case.path_parameters["user_id"] = self.changeling
        # Most sequences are beyond the end, and to wait there for as long as allowed would take all the time there is.
        if operation_id == "list_ledger_entries" and case.query and re.fullmatch("[0-9]{1,2}", str(case.query.get("wait_seconds"))):
            case.query["wait_seconds"] = case.query["wait_seconds"] if int(case.query["wait_seconds"]) > 30 else 0

    # After the call.

    def learn(self, operation_id, case, response):
        """Remembers the ids that the service gave out, and what became of a password."""
        if operation_id == "delete_user" and response.status_code == 204 and case.path_parameters["user_id"] in self.world.throwaways:
            self.world.throwaways.remove(case.path_parameters["user_id"])
        if operation_id == "change_own_password" and response.status_code == 204:
            self.changer.password = case.body["new_password"]
        # Reading NDJSON here would hand its checks an object: a response remembers what it was first read as.
        if not response.content or not response.headers.get("content-type", [""])[0].startswith("application/json"):
            return
        try:
            answer = response.json()
        except ValueError:
            return
        if not isinstance(answer, dict):
            return
        rows = [answer, *(row for row in answer.get("data") or [] if isinstance(row, dict))]
        for row in rows:
            if isinstance(row.get("id"), str) and UUID.match(row["id"]):
                self.seen.add(row["id"])


def uncommon(password):
    return "eleven green bottles" if password.lower() in COMMON else password
