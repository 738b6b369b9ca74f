"""A consumer follows the log, as docs/api-guide.md has it, while others write and the service and the consumer are killed.

`.ci/following` calls this. At the end the consumer must have every entry that PostgreSQL has, once and in order. Beside it, a
follower by id keeps the greatest id that it saw: how many entries it missed is printed, and may be any number.
"""

import datetime
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import busy

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "schemathesis"))
from run import PostgreSQL, free_port  # noqa: E402

WRITERS = 12
KILLS = 4
SECONDS_BETWEEN_KILLS = 6
PATIENCE_SECONDS = 120
LINES_MAX = 20
# What a request ends with when the service is killed.
CUT_OFF = (OSError, ValueError, http.client.HTTPException)


class Service:
    """The service with the demo, which can be killed and started again at the same address."""

    def __init__(self, binary, folder, database_url):
        port = free_port()
        self.binary, self.base, self.log = binary, f"http://127.0.0.1:{port}", folder / "service.log"
        own = {"BIND": f"127.0.0.1:{port}", "DATA_DIR": str(folder / "data"), "DATABASE_URL": database_url}
        own |= {"DEMO": "on", "RATE_LIMIT": "off", "LOG": "warn"}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("CASETRAIL_")}
        self.environment |= {f"CASETRAIL_{name}": value for name, value in own.items()}
        self.start()

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen([self.binary], env=self.environment, stdout=subprocess.DEVNULL, stderr=log)

        def is_ready():
            if self.process.poll() is not None:
                sys.exit(f"the service did not start:\n{self.log.read_text()}")
            try:
                return self.ask("/readyz") is not None
            except CUT_OFF:
                return False

        wait_until(is_ready, "the service is ready")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, path, body=None, token=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = json.dumps(body).encode() if body is not None else None
        with busy.answer_to(urllib.request.Request(self.base + path, data, headers), timeout=60) as answer:
            return json.load(answer)

    def sign_in(self, username):
        secrets = {"username": username, "password": f"{username}-demo-pass"}
        return self.ask("/api/v1/auth/login", secrets)["access_token"]


def wait_until(is_done, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            sys.exit(f"timed out after {PATIENCE_SECONDS} s waiting until {what}")
        time.sleep(0.2)


def select(server, sql):
    """The rows of a query, each as a list of texts."""
    command = [server.bin / "psql", "-XAt", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-c", sql]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split("|") for line in lines]


def write(service, token, is_over):
    """Creates cases until it is over, also after a request that was cut off."""
    names = {"employee_first_name": "Ada", "employee_last_name": "Moss"}
    while not is_over.is_set():
        try:
            service.ask("/api/v1/cases", names, token)
        except CUT_OFF:
            time.sleep(0.1)


def follow_by_id(service, key, is_over, seen):
    """The control: after the greatest id, what was committed late is never read."""
    last, since = "", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    while not is_over.is_set():
        try:
            cursor, found = "", []
            while cursor is not None:
                path = f"/api/v1/audit-log?sort=occurred_at&limit=200&since={since}{cursor}"
                page = service.ask(path, token=key)
                found += page["data"]
                following = page["page"]["next_cursor"]
                cursor = following and f"&cursor={following}"
        except CUT_OFF:
            time.sleep(0.1)
            continue
        for entry in found:
            if entry["id"] > last:
                last, since = entry["id"], entry["occurred_at"]
                seen.append(entry["id"])
        time.sleep(0.02)


def consumer_of_the_guide(folder):
    """Writes the consumer's script as it is in the guide."""
    page = (ROOT / "docs" / "api-guide.md").read_text()
    script = page.split("<<'PYTHON'\n")[1].split("\nPYTHON\n")[0] + "\n"
    lines = len(script.splitlines())
    if lines > LINES_MAX:
        sys.exit(f"the consumer has {lines} lines, and promised are {LINES_MAX}")
    (folder / "follow.py").write_text(script)


def start_consumer(service, folder, key):
    environment = os.environ | {"API": f"{service.base}/api/v1", "KEY": key, "no_proxy": "*"}
    return subprocess.Popen([sys.executable, "follow.py"], cwd=folder, env=environment, stdout=subprocess.DEVNULL)


def copied(folder):
    """The consumer's entries: sequence and id."""
    copy = sqlite3.connect(folder / "copy.db", timeout=30)
    try:
        rows = copy.execute("SELECT sequence, body FROM entries ORDER BY sequence").fetchall()
    finally:
        copy.close()
    return [(sequence, json.loads(body)["id"]) for sequence, body in rows]


def story(service, server, folder):
    consumer_of_the_guide(folder)
    account = {"username": "siem", "email": "siem@example.org", "first_name": "Log", "last_name": "Copy"}
    account |= {"role": "service", "scopes": ["audit:read"]}
    key = service.ask("/api/v1/users", account, service.sign_in("admin"))["api_key"]
    token, is_over, seen = service.sign_in("member1"), threading.Event(), []
    others = [threading.Thread(target=write, args=(service, token, is_over)) for _ in range(WRITERS)]
    others.append(threading.Thread(target=follow_by_id, args=(service, key, is_over, seen)))
    consumer = start_consumer(service, folder, key)
    try:
        for thread in others:
            thread.start()
        for number in range(KILLS):
            time.sleep(SECONDS_BETWEEN_KILLS)
            service.kill()
            if number % 2 == 1:
                consumer.kill()
                consumer.wait()
                consumer = start_consumer(service, folder, key)
            service.start()
        time.sleep(SECONDS_BETWEEN_KILLS)
        is_over.set()
        for thread in others:
            thread.join()
        written = int(select(server, "SELECT count(*) FROM audit_entries")[0][0])
        wait_until(lambda: consumer.poll() is not None or len(copied(folder)) >= written, "the consumer has every entry")
        if consumer.poll() is not None:
            sys.exit(f"the consumer ended with {consumer.returncode}")
    finally:
        is_over.set()
        consumer.kill()
        consumer.wait()
    has = copied(folder)
    last = has[-1][0]
    leaves = select(server, f"SELECT sequence, entry_id FROM ledger_leaves WHERE sequence <= {last} ORDER BY sequence")
    if has != [(int(sequence), entry_id) for sequence, entry_id in leaves]:
        sys.exit(f"the consumer has {len(has)} entries that are not those of the {len(leaves)} leaves up to {last}")
    ids = {row[0] for row in select(server, "SELECT id FROM audit_entries")}
    unsealed = ids - {entry_id for _, entry_id in has}
    if len(ids) - len(unsealed) < written:
        sys.exit(f"{written} entries were written, and {len(ids) - len(unsealed)} have come to the consumer")
    missed = {entry_id for entry_id in ids if seen and seen[0] < entry_id < seen[-1]} - set(seen)
    print(f"the consumer has all {len(has)} entries, in order, with {KILLS} kills of the service; a follower by id read "
          f"{len(seen)} and missed {len(missed)}")


def main():
    binary, folder = Path(sys.argv[1]).resolve(), Path(tempfile.mkdtemp(prefix="casetrail-following-"))
    server = PostgreSQL(folder)
    try:
        service = Service(binary, folder, server.url)
        try:
            story(service, server, folder)
        finally:
            service.kill()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
