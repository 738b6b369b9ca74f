"""The client that openapi-generator generates, with a service of a later version: what it doesn't know is kept as it came."""

import sys

import casetrail
from casetrail.exceptions import ForbiddenException

BASE_URL, LATER = sys.argv[1], "of_a_later_version"


def sign_in(username):
    client = casetrail.ApiClient(casetrail.Configuration(host=BASE_URL))
    session = casetrail.AuthApi(client).login(casetrail.Login(username=username, password=f"{username}-demo-pass"))
    assert session.user.role == LATER
    return casetrail.ApiClient(casetrail.Configuration(host=BASE_URL, access_token=session.access_token))


page = casetrail.AuditLogApi(sign_in("manager")).list_audit_log()
assert len(page.data) == page.page.limit
for entry in page.data:
    assert {entry.action_type, entry.category, entry.outcome, entry.source, entry.actor_type} == {LATER}
    assert entry.actor is None or entry.actor.role == LATER
cases = casetrail.CasesApi(sign_in("member1")).list_cases()
assert cases.data and all({case.status, case.urgency} == {LATER} for case in cases.data)
try:
    casetrail.AuditLogApi(sign_in("member1")).list_audit_log()
    raise AssertionError("a member reads the log")
except ForbiddenException as refusal:
    assert refusal.data.code == LATER
print(f"{len(page.data)} entries of a later version")
