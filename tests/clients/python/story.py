"""A case's whole story, told by the client that openapi-python-client generates."""

import sys
from datetime import date, timedelta
from http import HTTPStatus
from typing import Protocol, TypeVar

from casetrail import AuthenticatedClient, Client
from casetrail.api.audit_log import list_audit_log, list_case_audit_trail
from casetrail.api.auth import login
from casetrail.api.cases import accept_case, create_case, hold_case, list_cases, resume_case, submit_case
from casetrail.api.reports import (
    export_case_changes,
    get_activity_summary,
    get_case_changes,
    get_quality_review_audit,
    get_system_events,
    get_user_activity,
)
from casetrail.models import (
    AcceptCase,
    AccountDetail,
    ActivitySummaryReport,
    AuditAction,
    AuditEntryList,
    AuditOutcome,
    CaseChangesReport,
    CaseDetail,
    CaseList,
    CaseSort,
    CaseStatus,
    ChangeType,
    CreateCase,
    CreditValue,
    HoldCase,
    Login,
    Problem,
    QualityReviewReport,
    ReportInterval,
    ResumeCase,
    Role,
    SystemEventOutcome,
    SystemEventsReport,
    Tier,
    TokenPair,
    UserActivityReport,
)
from casetrail.types import UNSET, Unset

T = TypeVar("T")
BASE_URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"


class Answer(Protocol):
    """What an operation answers: a model if it was done, a problem if not."""

    @property
    def status_code(self) -> HTTPStatus: ...

    @property
    def parsed(self) -> object: ...


def done(kind: type[T], answer: Answer, status: HTTPStatus = HTTPStatus.OK) -> T:
    assert answer.status_code == status, answer
    assert isinstance(answer.parsed, kind), answer
    return answer.parsed


def refused(answer: Answer, status: HTTPStatus, code: str) -> Problem:
    problem = done(Problem, answer, status)
    assert (problem.status, problem.code) == (status, code), problem
    return problem


def sign_in(username: str) -> tuple[AuthenticatedClient, AccountDetail]:
    credentials = Login(username=username, password=f"{username}-demo-pass")
    session = done(TokenPair, login.sync_detailed(client=Client(BASE_URL), body=credentials))
    assert session.user.username == username
    return AuthenticatedClient(BASE_URL, token=session.access_token), session.user


member, _ = sign_in("member1")
technician, tech2 = sign_in("tech2")
manager, _ = sign_in("manager")

# A member creates a case and submits it.
body = CreateCase(employee_first_name="Ada", employee_last_name="Moss", due_on=date.today() + timedelta(days=20))
creation = create_case.sync_detailed(client=member, body=body)
draft = done(CaseDetail, creation, HTTPStatus.CREATED)
assert draft.status == CaseStatus.DRAFT and draft.assigned_to is None
assert draft.allowed_actions == ["submit", "edit", "delete", "upload", "comment"]
assert all(blocked.detail for blocked in draft.blocked_actions)
draft_tag = creation.headers["ETag"]
# Weak where the answer came compressed, as httpx asks for it.
assert draft_tag.removeprefix("W/").startswith(f'"{draft.version}-')
submitted = done(CaseDetail, submit_case.sync_detailed(draft.id, client=member))
assert submitted.status == CaseStatus.SUBMITTED

# A technician accepts it and thereby takes it.
terms = AcceptCase(tier=Tier.TIER_2, credit_value=CreditValue.ONE, docs_verified=True)
accepted = done(CaseDetail, accept_case.sync_detailed(draft.id, client=technician, body=terms))
assert accepted.status == CaseStatus.ACCEPTED and accepted.complexity == "moderate"
assert accepted.assigned_to is not None and accepted.assigned_to.username == "tech2"

# The technician puts it on hold, once: a held case can't be held again, and a stale version is refused.
hold = HoldCase(reason="waiting for pay stub", hold_duration_days=14)
holding = hold_case.sync_detailed(draft.id, client=technician, body=hold)
held = done(CaseDetail, holding)
assert held.hold is not None and held.hold.reason == hold.reason and held.hold.duration_days == 14
again = hold_case.sync_detailed(draft.id, client=technician, body=hold)
refused(again, HTTPStatus.CONFLICT, "invalid_case_state")
resumption = ResumeCase(reason="the pay stub came")
stale = resume_case.sync_detailed(draft.id, client=technician, body=resumption, if_match=draft_tag)
refused(stale, HTTPStatus.PRECONDITION_FAILED, "version_mismatch")
silent = resume_case.sync_detailed(draft.id, client=technician, body=ResumeCase(reason=""))
invalid = refused(silent, HTTPStatus.UNPROCESSABLE_ENTITY, "validation_failed")
assert not isinstance(invalid.errors, Unset) and [fault.pointer for fault in invalid.errors] == ["/reason"]

# The technician resumes it, from the version they have seen.
answer = resume_case.sync_detailed(draft.id, client=technician, body=resumption, if_match=holding.headers["ETag"])
resumed = done(CaseDetail, answer)
assert resumed.status == CaseStatus.ACCEPTED and resumed.hold is None

# Its trail tells all of it, the newest first.
trail = done(AuditEntryList, list_case_audit_trail.sync_detailed(draft.id, client=technician))
assert [entry.action_type for entry in trail.data if entry.outcome == AuditOutcome.SUCCESS] == [
    AuditAction.CASE_RESUMED,
    AuditAction.CASE_HELD,
    AuditAction.CASE_ASSIGNED,
    AuditAction.CASE_STATUS_CHANGED,
    AuditAction.CASE_SUBMITTED,
    AuditAction.CASE_CREATED,
]
[last] = [entry for entry in trail.data if entry.action_type == AuditAction.CASE_RESUMED]
assert (last.changes["status"].from_, last.changes["status"].to) == ("hold", "accepted")
assert last.metadata["reason"] == resumption.reason
assert last.actor is not None and last.actor.role == Role.TECHNICIAN

# The five reports.
week = ReportInterval.WEEK
activity = done(ActivitySummaryReport, get_activity_summary.sync_detailed(client=manager, interval=week))
assert activity.summary.total_activities >= 6
assert any(person.username == "tech2" and person.count > 0 for person in activity.top_users)
assert all(point.value >= 0 for point in activity.timeseries)
person = done(UserActivityReport, get_user_activity.sync_detailed(client=manager, user_id=tech2.id, limit=5))
assert person.user.full_name == tech2.full_name
assert all(entry.actor_label == "tech2" for entry in person.entries.data)
kinds = [ChangeType.HOLD]
changes = done(
    CaseChangesReport, get_case_changes.sync_detailed(client=manager, case_id=draft.id, change_type=kinds)
)
assert [change.badge for change in changes.entries.data] == [ChangeType.HOLD, ChangeType.HOLD]
assert ("status", "accepted") in [(change.field, change.to) for change in changes.entries.data[0].before_after]
month = ReportInterval.MONTH
reviews = done(
    QualityReviewReport, get_quality_review_audit.sync_detailed(client=manager, all_time=True, interval=month)
)
assert reviews.summary.total_reviews > 0 and (reviews.summary.first_pass_approval_percent or 0) <= 100
failures = SystemEventOutcome.FAILURE
system = done(SystemEventsReport, get_system_events.sync_detailed(client=manager, outcome=failures))
assert system.health.audit_entries_total > 0
assert all(entry.outcome == AuditOutcome.FAILURE for entry in system.entries.data)
assert done(str, export_case_changes.sync_detailed(client=manager)).startswith("id,occurred_at,action_type")

# A list, page by page by its cursors, loses and doubles nothing.
seen: set[object] = set()
cursor: str | Unset = UNSET
while True:
    cases = done(
        CaseList,
        list_cases.sync_detailed(client=manager, sort=CaseSort.DUE_ON, limit=40, include_total=True, cursor=cursor),
    )
    seen.update(row.id for row in cases.data)
    if cases.page.next_cursor is None:
        break
    cursor = cases.page.next_cursor
assert len(seen) > 40 and draft.id in seen
assert len(seen) == cases.page.total

# Who may not see a thing is told so.
refused(list_audit_log.sync_detailed(client=member), HTTPStatus.FORBIDDEN, "forbidden")
print(f"the story of {draft.case_number}, and {len(seen)} cases by cursor")
