"""The client that openapi-python-client generates, with a service of a later version: what it doesn't know is kept as it came."""

import sys

from casetrail import AuthenticatedClient, Client
from casetrail.api.audit_log import list_audit_log
from casetrail.api.auth import login
from casetrail.api.cases import list_cases
from casetrail.models import AuditEntryList, CaseList, Login, Problem, TokenPair

BASE_URL, LATER = sys.argv[1], "of_a_later_version"


def sign_in(username: str) -> AuthenticatedClient:
    session = login.sync(client=Client(BASE_URL), body=Login(username=username, password=f"{username}-demo-pass"))
    assert isinstance(session, TokenPair), session
    assert session.user.role == LATER
    return AuthenticatedClient(BASE_URL, token=session.access_token)


page = list_audit_log.sync(client=sign_in("manager"))
assert isinstance(page, AuditEntryList), page
assert len(page.data) == page.page.limit
for entry in page.data:
    assert {entry.action_type, entry.category, entry.outcome, entry.source, entry.actor_type} == {LATER}
    assert entry.actor is None or entry.actor.role == LATER
cases = list_cases.sync(client=sign_in("member1"))
assert isinstance(cases, CaseList), cases
assert cases.data and all({case.status, case.urgency} == {LATER} for case in cases.data)
refusal = list_audit_log.sync(client=sign_in("member1"))
assert isinstance(refusal, Problem), refusal
assert (refusal.code, refusal.status) == (LATER, 403)
print(f"{len(page.data)} entries of a later version")
