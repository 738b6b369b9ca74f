"""Emails over SMTP: the service, and a mail server that accepts, refuses, and is unreachable.

`.ci/mail` prepares the ground and calls this.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller

import busy

ROOT = Path(__file__).resolve().parents[2]


class Postbox:
    """Accepts every email but those to one address."""

    def __init__(self):
        self.mails, self.refused = [], None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == self.refused:
            return "550 5.1.1 mailbox unavailable"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"


class Service:
    def __init__(self, binary, smtp_port, folder):
        self.base = f"http://127.0.0.1:{free_port()}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CASETRAIL_")}
        environment |= {
            "CASETRAIL_BIND": self.base.removeprefix("http://"),
            "CASETRAIL_DATA_DIR": folder,
            "CASETRAIL_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "CASETRAIL_MAIL_FROM": "Casetrail <casetrail@example.org>",
            "CASETRAIL_SCHEDULER": "off",
            "CASETRAIL_LOG": "warn",
        }
        self.process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 180
        while True:
            try:
                self.send("GET", "/readyz")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("the service did not start")
                time.sleep(0.2)

    def send(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.base + path, json.dumps(body or {}).encode() if method != "GET" else None, headers, method=method)
        with busy.answer_to(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def sign_in(self, name):
        token = self.send("POST", "/api/v1/auth/login", {"username": name, "password": f"{name}-demo-pass"})["access_token"]
        return lambda method, path, body=None: self.send(method, f"/api/v1/{path}", body, token)


def main():
    postbox = Postbox()
    server = Controller(postbox, hostname="127.0.0.1", port=free_port())
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(sys.argv[1], server.port, folder)
        try:
            story(service, server, postbox)
        finally:
            service.process.terminate()
            service.process.wait(30)


def story(service, server, postbox):
    admin, member, technician = (service.sign_in(name) for name in ("admin", "member1", "tech2"))
    admin("PATCH", "settings", {"reply_email_address": "desk@example.org"})
    address = member("GET", "auth/me")["email"]

    # The history of the demo ends with emails that wait for the next run.
    send_mails(admin)

    case = hold(member, technician)
    run = send_mails(admin)
    assert (run["status"], run["records_processed"]) == ("success", 1), run
    mail = postbox.mails[-1]
    queued = newest(admin)
    assert queued["status"] == "sent", queued
    assert (mail["To"], mail["Reply-To"], mail["Auto-Submitted"]) == (address, "desk@example.org", "auto-generated"), mail
    assert mail["Message-ID"] == f"<{queued['id']}@example.org>", mail["Message-ID"]
    assert mail["Subject"] == f"Case {case['case_number']} is on hold", mail["Subject"]
    assert "waiting for pay stub" in mail.get_payload(decode=True).decode(), mail
    assert recorded(admin) == ("success", "sent", 1)
    print(f"accepted: {mail['Subject']}")

    postbox.refused = address
    hold(member, technician)
    run = send_mails(admin)
    # One email that bounces is counted, and is no failure of the run.
    assert (run["status"], run["records_failed"]) == ("success", 1) and "550" in run["error_message"], run
    assert newest(admin)["status"] == "failed" and "550" in newest(admin)["last_error"], newest(admin)
    assert recorded(admin) == ("failure", "failed", 1)
    print(f"refused for good: {run['error_message']}")

    server.stop()
    hold(member, technician)
    run = send_mails(admin)
    assert run["status"] == "failure" and run["records_failed"] == 1, run
    waiting = newest(admin)
    assert waiting["status"] == "pending" and waiting["attempts"] == 1 and waiting["send_after"] > waiting["last_attempt_at"], waiting
    assert recorded(admin) == ("failure", "failed", 1)
    print(f"unreachable, to be tried again: {run['error_message']}")


def hold(member, technician):
    """A case on hold, of which its member is notified."""
    names = {"employee_first_name": "Ada", "employee_last_name": "Moss"}
    due_on = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 20 * 86_400))
    case = member("POST", "cases", names | {"due_on": due_on})
    path = f"cases/{case['id']}"
    member("POST", f"{path}/submit")
    technician("POST", f"{path}/accept", {"tier": "tier_1", "credit_value": "1.0"})
    return technician("POST", f"{path}/hold", {"reason": "waiting for pay stub"})


def send_mails(admin):
    return admin("POST", "jobs/send_scheduled_emails/run")


def newest(admin):
    """The email about a held case that was queued last."""
    return next(mail for mail in admin("GET", "outbox")["data"] if mail["template"] == "case_held")


def recorded(admin):
    """What the log says of the last attempt to send such an email."""
    entries = admin("GET", "audit-log?action_type=email_notification_sent")["data"]
    entry = next(entry for entry in entries if entry["metadata"]["template"] == "case_held")
    return entry["outcome"], entry["metadata"]["delivery_status"], entry["metadata"]["attempt"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
