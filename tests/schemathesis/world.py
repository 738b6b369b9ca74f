"""The people and things of a running service, as the generated requests need them: real, and in the state that fits."""

import random
import re
import time
from datetime import UTC, datetime, timedelta

import requests

# Sessions that the run itself leans on. Nothing may take their access away.
CAST = ("admin", "manager", "tech1", "tech2", "tech3", "member1", "member2")
# An access token is good for ten minutes.
TOKEN_SECONDS = 240
# The least that is taken for one.
PDF = b"%PDF-1.7\n%%EOF\n"
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Person:
    """A user who signed in, and signs in again before the token expires."""

    def __init__(self, world, username, password=None):
        self.world = world
        self.username = username
        self.password = password or f"{username}-demo-pass"
        self.signed_in_at = float("-inf")
        self.token = None
        self.id = None

    def sign_in(self):
        body = {"username": self.username, "password": self.password}
        pair = self.world.http.post(f"{self.world.api}/auth/login", json=body, timeout=30)
        while pair.status_code == 429:
            # A generated password was a wrong one: the next attempt of the same person waits.
            time.sleep(int(pair.headers["Retry-After"]))
            pair = self.world.http.post(f"{self.world.api}/auth/login", json=body, timeout=30)
        pair.raise_for_status()
        return pair.json()

    def bearer(self):
        if time.monotonic() - self.signed_in_at > TOKEN_SECONDS:
            pair = self.sign_in()
            self.signed_in_at = time.monotonic()
            self.token, self.id = pair["access_token"], pair["user"]["id"]
        return f"Bearer {self.token}"

    def send(self, method, path, body=None, **parameters):
        answer = self.world.http.request(
            method,
            f"{self.world.api}{path}",
            json=body,
            params=parameters,
            headers={"Authorization": self.bearer()},
            timeout=30,
        )
        if not answer.ok:
            raise RuntimeError(f"{self.username}: {method} {path} {body}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def post(self, path, body=None):
        return self.send("POST", path, body)

    def upload(self, case):
        """Adds a document to a case, and gives its id."""
        answer = self.world.http.post(
            f"{self.world.api}/cases/{case}/documents",
            data={"document_type": "supporting"},
            files={"file": ("pay stub.pdf", PDF, "application/pdf")},
            headers={"Authorization": self.bearer()},
            timeout=30,
        )
        if not answer.ok:
            raise RuntimeError(f"{self.username}: upload to {case}: {answer.status_code} {answer.text}")
        return answer.json()["id"]

    def get(self, path, **parameters):
        return self.send("GET", path, **parameters)


class World:
    """What there is, and what is made on demand."""

    def __init__(self, base, username, seed):
        self.http = requests.Session()
        self.http.trust_env = False
        # The service closes an idle connection, perhaps just while a request is on its way.
        self.http.headers["Connection"] = "close"
        self.base, self.api = base, f"{base}/api/v1"
        self.dice = random.Random(f"{seed} {username}")
        self.cast = {name: Person(self, name) for name in CAST}
        self.runner = self.cast[username]
        for person in self.cast.values():
            person.bearer()
        self.protected = {person.id for person in self.cast.values()}
        self.role = self.runner.get("/auth/me")["role"]
        self.throwaways = []
        self.known_documents = []
        self.known_cases = [case["id"] for case in self.cast["admin"].get("/cases", limit=100)["data"]]
        self.known_users = [user["id"] for user in self.cast["admin"].get("/users", limit=100)["data"]]
        self.known_users = [user for user in self.known_users if user not in self.protected]

    def __getattr__(self, name):
        if name in CAST:
            return self.cast[name]
        raise AttributeError(name)

    # People.

    def new_member(self):
        """A member who is not needed: the one user who can be deleted, deactivated, signed out."""
        name = f"throwaway-{self.dice.getrandbits(64):x}"
        password = f"{name} pass"
        body = {
            "username": name,
            "email": f"{name}@example.org",
            "first_name": "Ada",
            "last_name": "Moss",
            "role": "member",
            "workshop_code": "WS001",
            "password": password,
        }
        user = self.admin.post("/users", body)
        person = Person(self, name, password)
        person.id = user["id"]
        return person

    def throwaway(self):
        """One of a handful of such members, used again and again."""
        if len(self.throwaways) < 5:
            self.throwaways.append(self.new_member().id)
        return self.dice.choice(self.throwaways)

    # Cases, each in the state that an operation needs.

    def worker(self):
        """The technician to whom a case must belong for the runner to act on it."""
        return self.runner if self.role == "technician" else self.tech3

    def draft(self):
        # The settings are edited too: later than any threshold at which a due date makes a rush.
        body = {"employee_first_name": "Ada", "employee_last_name": "Moss", "due_on": civil_day(120)}
        return self.member1.post("/cases", body)["id"]

    def submitted(self):
        case = self.draft()
        self.member1.post(f"/cases/{case}/submit", {"confirm_rush": True})
        return case

    def accepted(self, by=None):
        case = self.submitted()
        (by or self.worker()).post(f"/cases/{case}/accept", {"tier": "tier_1", "credit_value": "1.0"})
        return case

    def unassigned(self):
        case = self.accepted()
        self.worker().post(f"/cases/{case}/assign", {"assigned_to": None, "reason": "on leave"})
        return case

    def held(self):
        case = self.accepted()
        self.worker().post(f"/cases/{case}/hold", {"reason": "waiting for pay stub"})
        return case

    def updated(self):
        case = self.accepted()
        self.member1.send("PATCH", f"/cases/{case}", {"client_email": "ada.moss@example.org"})
        return case

    def in_review(self):
        case = self.accepted(by=self.tech1)
        self.tech1.post(f"/cases/{case}/complete", {"override_incomplete": True})
        return case

    def completed(self):
        case = self.accepted()
        self.worker().post(f"/cases/{case}/complete", {"override_incomplete": True, "release": "scheduled", "release_at": instant(30)})
        return case

    def handed_back_and_edited(self):
        case = self.submitted()
        self.tech2.post(f"/cases/{case}/reject", {"rejection_reason": "other", "rejection_notes": "the name is wrong"})
        self.member1.send("PATCH", f"/cases/{case}", {"employee_last_name": "Mosse"})
        return case

    def note(self):
        """One the runner may read and take away."""
        body = {"body": "They called twice.", "visibility": "shared"}
        return self.runner.post(f"/cases/{self.accepted()}/notes", body)["id"]

    def service(self):
        """A service account, and the id of a key of its."""
        name = f"service-{self.dice.getrandbits(64):x}"
        body = {
            "username": name,
            "email": f"{name}@example.org",
            "first_name": "Data",
            "last_name": "Warehouse",
            "role": "service",
            "scopes": ["ingest"],
        }
        user = self.admin.post("/users", body)["id"]
        return user, self.admin.get(f"/users/{user}/api-keys")["data"][0]["id"]

    # Credits.

    def allowed(self, user, quarter):
        """Gives a user an allowance."""
        self.admin.send("PUT", f"/users/{user}/credit-allowances/{quarter}", {"allowed_credits": 100})
        return quarter

    # What stands around a case.

    def document(self):
        """A note that the runner added, and may therefore delete."""
        document = self.runner.upload(self.accepted())
        self.known_documents.append(document)
        return document

    def alert(self):
        """One of the runner's own: a member hears of a hold, the staff of a comment on what it works on."""
        if self.role == "member":
            self.held()
        else:
            case = self.accepted()
            self.admin.post(f"/cases/{case}/assign", {"assigned_to": self.runner.id, "reason": "on leave"})
            self.member1.post(f"/cases/{case}/notes", {"body": "On Monday.", "visibility": "shared"})
        return self.runner.get("/alerts", limit=1)["data"][0]["id"]

    # The log.

    def entry(self):
        entries = self.admin.get("/audit-log", limit=50)["data"]
        return self.dice.choice(entries)["id"]


def civil_day(days_ahead):
    return (datetime.now(UTC) + timedelta(days=days_ahead)).strftime("%Y-%m-%d")


def instant(days_ahead):
    return (datetime.now(UTC) + timedelta(days=days_ahead)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
