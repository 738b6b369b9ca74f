"""Uses the service for some seconds, then asks Prometheus every query of the health dashboard and of the rules."""

import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import busy

API, PROMETHEUS = sys.argv[1], sys.argv[2]
DASHBOARD = ".docker/observability/grafana/dashboards/health.json"
# Queries about what a demo without a scheduler and a mailer does not do.
MAY_BE_EMPTY = ("casetrail_emails_total",)


def ask(url, body=None, token=None):
    request = urllib.request.Request(url, data=body and json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with busy.answer_to(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def query(expression):
    url = f"{PROMETHEUS}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    status, answer = ask(url)
    if status != 200 or answer["status"] != "success":
        sys.exit(f"{expression}: {answer}")
    return answer["data"]["result"]


def use(seconds):
    """Signs in, with the right and a wrong password, reads reports, and requests what there isn't."""
    credentials = {"username": "manager", "password": "manager-demo-pass"}
    _, pair = ask(f"{API}/api/v1/auth/login", credentials)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for path in ("activity-summary", "case-changes", "system-events?outcome=failure"):
            status, answer = ask(f"{API}/api/v1/reports/{path}", token=pair["access_token"])
            assert status == 200, answer
        assert ask(f"{API}/api/v1/auth/login", {**credentials, "password": "not the password"})[0] in (401, 429)
        assert ask(f"{API}/api/v1/nothing")[0] == 404
        time.sleep(0.5)


def wait_for_scrapes():
    for _ in range(100):
        try:
            if query('up{job="casetrail"} == 1'):
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.2)
    sys.exit("Prometheus did not scrape the service")


def expressions():
    with open(DASHBOARD, encoding="utf-8") as file:
        dashboard = json.load(file)
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "10s")


wait_for_scrapes()
use(8)
asked = 0
for title, expression in expressions():
    # What takes hours to show is asked over seconds.
    result = query(re.sub(r"\[[0-9]+[hd]\]", "[10s]", expression))
    if not result and not any(name in expression for name in MAY_BE_EMPTY):
        sys.exit(f"'{title}' shows nothing: {expression}")
    asked += 1
_, rules = ask(f"{PROMETHEUS}/api/v1/rules")
rules = [rule for group in rules["data"]["groups"] for rule in group["rules"]]
unhealthy = [rule for rule in rules if rule["health"] != "ok"]
firing = {alert["labels"]["alertname"] for rule in rules for alert in rule["alerts"] if alert["state"] == "firing"}
assert len(rules) >= 18 and not unhealthy, unhealthy
# One job of the demo's history may have ended with a failure.
assert firing <= {"CasetrailJobFailed", "CasetrailEmailsUndelivered"}, firing
assert asked > 20, asked
print(f"{asked} queries of the health dashboard show something, and {len(rules)} rules work")
