"""Runs schemathesis against the service: two databases, three roles, every check and every phase.

`.ci/schemathesis` prepares the environment and calls this. It starts the service with the demo on an SQLite file and on
PostgreSQL and runs schemathesis as an administrator, a technician and a member: a full run as each of them on both databases, a
small run as each of them on one. Then it checks what no single run can: every operation returned 2xx for every role that it
admits, no warning was raised, the service logged no internal error, and its audit log is consistent.
"""

import argparse
import collections
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import busy

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TARGET = ROOT / "target" / "schemathesis"
# Letter in the contract's table of roles, who stands for it, and the name of the run's option.
ROLES = {"administrator": ("A", "admin"), "technician": ("T", "tech3"), "member": ("M", "member1")}
DATABASES = ("sqlite", "postgresql")
REPORTS = ("activity-summary", "user-activity", "case-changes", "quality-review-audit", "system-events")
# How many examples an operation gets in fuzzing, and how many a full run must come to in all.
EXAMPLES_SMALL, EXAMPLES_FULL, CASES_FULL = 8, 30, 20_000
# A small run sends each role to one of the databases, and goes through the bounds of every field for the most and the least
# privileged one; a full run does so for every role on both.
ROLES_OF_SMALL = {"postgresql": {"administrator"}, "sqlite": {"technician", "member"}}
COVERED_BY_SMALL = {"administrator", "member"}


def main():
    options = arguments()
    shutil.rmtree(TARGET / "runs", ignore_errors=True)
    (TARGET / "runs").mkdir(parents=True)
    print(f"seed {options.seed}: repeat with .ci/schemathesis {'--full ' if options.full else ''}--seed {options.seed}", flush=True)
    began = time.monotonic()
    with ThreadPoolExecutor(len(options.databases)) as pool:
        runs = list(pool.map(lambda database: run_on(database, options), options.databases))
    faults = [fault for _, found in runs for fault in found]
    figures = [figure for figures, _ in runs for figure in figures]
    total = sum(figure["cases"] for figure in figures)
    print(f"\n{'database':<12}{'role':<15}{'cases':>8}{'answers':>9}{'seconds':>9}")
    for figure in figures:
        print(f"{figure['database']:<12}{figure['role']:<15}{figure['cases']:>8}{figure['answers']:>9}{figure['seconds']:>9.0f}")
    print(f"{'together':<27}{total:>8}{sum(figure['answers'] for figure in figures):>9}{time.monotonic() - began:>9.0f}")
    if options.full and total < CASES_FULL:
        faults.append(f"only {total} cases, and a full run has at least {CASES_FULL}")
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    if faults:
        sys.exit(f"{len(faults)} faults; the reports are in {TARGET / 'runs'}")
    print("every operation was answered 2xx for every role it lets in; no failure, no error, no warning")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=ROOT / "target" / "debug" / "casetrail", type=Path)
    parser.add_argument("--full", action="store_true", help=f"at least {CASES_FULL} cases")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--roles", nargs="+", choices=ROLES, help="these roles, on each of the databases")
    parser.add_argument("--operation", help="only this operation, to look into a fault; the others may be unused")
    return parser.parse_args()


def run_on(database, options):
    """All roles on one database: figures, faults."""
    folder = Path(tempfile.mkdtemp(prefix=f"casetrail-schemathesis-{database}-"))
    server = PostgreSQL(folder) if database == "postgresql" else None
    try:
        service = Service(options.binary, folder, server.url if server else None, TARGET / "runs" / f"{database}-service.log")
        try:
            runs = [run_as(role, database, service, options) for role in roles_on(database, options)]
            faults = [fault for _, found in runs for fault in found]
            faults += [f"{database}: {fault}" for fault in service.faults()]
            faults += [f"{database}: {fault}" for fault in trail_faults(service)]
            return [figure for figure, _ in runs], faults
        finally:
            service.stop()
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def roles_on(database, options):
    """The roles that a run sends to a database: those of the command line, or those of a full or small run."""
    if options.roles:
        return options.roles
    return [role for role in ROLES if options.full or options.operation or role in ROLES_OF_SMALL[database]]


def run_as(role, database, service, options):
    name = f"{database}-{role}"
    files = {kind: TARGET / "runs" / f"{name}.{kind}" for kind in ("toml", "txt", "json", "xml", "answers")}
    files["toml"].write_text(configuration(role))
    letter, username = ROLES[role]
    environment = {
        **os.environ,
        "FUZZ_BASE": service.base,
        "FUZZ_USERNAME": username,
        "FUZZ_SEED": str(options.seed),
        "FUZZ_ANSWERS": str(files["answers"]),
        "NO_PROXY": "127.0.0.1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [
        Path(sys.executable).with_name("st"),
        *("--config-file", files["toml"]),
        *("run", ROOT / "openapi.yaml", "--url", service.base, "--seed", options.seed, "--no-color"),
        *("--max-examples", EXAMPLES_FULL if options.full else EXAMPLES_SMALL),
        *("--report", "json,junit", "--report-json-path", files["json"], "--report-junit-path", files["xml"]),
    ]
    if not (options.full or options.operation or role in COVERED_BY_SMALL):
        command += ["--phases", "examples,fuzzing,stateful"]
    if options.operation:
        command += ["--include-operation-id", options.operation]
    began = time.monotonic()
    with files["txt"].open("w") as text:
        code = subprocess.run([*map(str, command)], cwd=ROOT, env=environment, stdout=text, stderr=subprocess.STDOUT).returncode
    seconds = time.monotonic() - began
    faults = []
    cases = json.loads(files["json"].read_text())["test_cases"]["generated"] if files["json"].exists() else 0
    if code != 0:
        faults.append(f"{name}: schemathesis ended with {code}: see {files['txt']}, which ends with\n{end_of(files['txt'])}")
    answers = [line.split("\t") for line in files["answers"].read_text().splitlines()] if files["answers"].exists() else []
    if not options.operation:
        faults += [f"{name}: {fault}" for fault in answer_faults(answers, letter)]
    print(f"{name}: {cases} cases in {seconds:.0f} s{'' if code == 0 else ', with faults'}", flush=True)
    return {"database": database, "role": role, "cases": cases, "answers": len(answers), "seconds": seconds}, faults


def end_of(report):
    """The last failures of a run and its summary, for readers who see only what is printed."""
    return "\n".join(f"    {line}" for line in report.read_text().splitlines()[-120:])


def configuration(role):
    """The shared settings, and what this role is not let into: there 403 is the right answer to everything."""
    letter, _ = ROLES[role]
    closed = [operation for operation, allowed in allowed_roles().items() if letter not in allowed and allowed != "*"]
    text = (HERE / "schemathesis.toml").read_text().replace("@HERE@", str(HERE))
    if closed:
        shown = [f'"{warning}"' for warning in re.findall(r'"(\w+)"', re.search(r"display = \[(.*?)\]", text, re.S)[1])]
        shown.remove('"missing_auth"')
        text += f"\n[[operations]]\ninclude-operation-id = {json.dumps(closed)}\n"
        text += f"warnings = {{ display = [{', '.join(shown)}], fail-on = true }}\n"
    return text


def allowed_roles():
    """The contract's own table of roles, which `tests/it/contract/access.rs` holds every operation to."""
    source = (ROOT / "tests" / "it" / "contract" / "access.rs").read_text()
    table = source[source.index("const ALLOWED_ROLES") : source.index("];", source.index("const ALLOWED_ROLES"))]
    return dict(re.findall(r'\("(\w+)", "([MTGAS*]+)"\)', table))


def answer_faults(answers, letter):
    """A role is answered 2xx by every operation that lets it in, and by no other."""
    accepted = collections.defaultdict(set)
    for operation, _, mode, status in answers:
        if mode == "probe":
            # Another method than the operation's: HEAD and OPTIONS are answered for every caller.
            continue
        accepted[operation].add(status[0])
    for operation, allowed in allowed_roles().items():
        is_allowed = allowed == "*" or letter in allowed
        if is_allowed and "2" not in accepted[operation]:
            yield f"{operation} was never answered 2xx, but {', '.join(sorted(accepted[operation])) or 'never asked'}"
        if not is_allowed and "2" in accepted[operation]:
            yield f"{operation} was answered 2xx, and is not for this role"


def trail_faults(service):
    """After all that, the reports answer and each case's entries tell one story."""
    login = service.ask("POST", "/api/v1/auth/login", {"username": "manager", "password": "manager-demo-pass"})
    token, me = login["access_token"], login["user"]["id"]
    for report in REPORTS:
        parameters = f"?user_id={me}" if report == "user-activity" else "?all_time=true"
        try:
            service.ask("GET", f"/api/v1/reports/{report}{parameters}", token=token)
        except OSError as error:
            yield f"{report}: {error}"
    entries = service.ask("GET", "/api/v1/audit-log/export.ndjson", token=token, lines=True)
    stood = {}
    for entry in sorted(entries, key=lambda entry: entry["id"]):
        change = entry["changes"].get("status") if entry["object_type"] == "case" else None
        if change is None:
            continue
        before = stood.get(entry["object_id"])
        if before != change["from"]:
            yield f"case {entry['object_id']}: {entry['action_type']} from {change['from']}, and it stood at {before}"
        stood[entry["object_id"]] = change["to"]
    cursor = ""
    while cursor is not None:
        page = service.ask("GET", f"/api/v1/cases?limit=200{cursor}", token=token)
        for case in page["data"]:
            if stood.get(case["id"]) != case["status"]:
                yield f"case {case['id']} is {case['status']}, and its trail ends with {stood.get(case['id'])}"
        following = page["page"]["next_cursor"]
        cursor = following and f"&cursor={following}"


class Service:
    """The service with the demo, on a port of its own."""

    def __init__(self, binary, folder, database_url, log):
        port = free_port()
        self.base, self.log = f"http://127.0.0.1:{port}", log
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CASETRAIL_")}
        environment |= {"CASETRAIL_BIND": f"127.0.0.1:{port}", "CASETRAIL_DATA_DIR": str(folder / "data"), "CASETRAIL_DEMO": "on"}
        # What is tested here is every request, however many there are.
        environment |= {"CASETRAIL_RATE_LIMIT": "off", "CASETRAIL_LOG": "warn"}
        if database_url:
            environment["CASETRAIL_DATABASE_URL"] = database_url
        self.process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=log.open("w"))
        deadline = time.monotonic() + 180
        while True:
            try:
                self.ask("GET", "/readyz")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    sys.exit(f"the service did not start:\n{log.read_text()}")
                time.sleep(0.2)

    def ask(self, method, path, body=None, token=None, lines=False):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with busy.answer_to(request, timeout=120) as answer:
            content = answer.read().decode()
        return [json.loads(line) for line in content.rstrip("\n").split("\n")] if lines else json.loads(content or "null")

    def faults(self):
        if self.process.poll() is not None:
            yield f"the service ended with {self.process.returncode}"
        for line in self.log.read_text(errors="replace").splitlines():
            if re.search(r"internal error|panicked|could not be written", line):
                yield f"the log says: {line[:400]}"

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class PostgreSQL:
    """A server that ends with the run. As root it belongs to `postgres`, since the server refuses to run as root."""

    def __init__(self, folder):
        self.folder, self.port = folder / "postgresql", free_port()
        bins = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
        if not bins:
            sys.exit("no PostgreSQL here")
        self.bin = bins[-1].parent
        self.folder.mkdir()
        if os.getuid() == 0:
            folder.chmod(0o711)
            shutil.chown(self.folder, "postgres")
        self.run(f"{self.bin}/initdb -D {self.folder}/data -U postgres -A trust -E UTF8 --locale=C --no-sync")
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} -c fsync=off"
        self.run(f"{self.bin}/pg_ctl -D {self.folder}/data -w -l {self.folder}/log -o '{settings}' start")
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, command):
        as_owner = ["su", "postgres", "-s", "/bin/sh", "-c"] if os.getuid() == 0 else ["sh", "-c"]
        subprocess.run([*as_owner, command], check=True, stdout=subprocess.DEVNULL)

    def stop(self):
        self.run(f"{self.bin}/pg_ctl -D {self.folder}/data -m immediate stop")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
