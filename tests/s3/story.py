"""A service whose documents are kept in a bucket: what goes in comes out, and what is not added leaves nothing there."""

import hashlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
import requests
from moto.server import ThreadedMotoServer
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

BINARY = sys.argv[1]
MIB = 1 << 20
PDF = b"%PDF-1.7\n"
LARGE = PDF + os.urandom(12 * MIB)
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder, port, storage):
    """The service, as an operator starts it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CASETRAIL_", "AWS_"))},
        **KEYS,
        "CASETRAIL_BIND": f"127.0.0.1:{port}",
        "CASETRAIL_DATA_DIR": folder,
        "CASETRAIL_STORAGE_URL": storage,
    }
    log = Path(folder, "log").open("w")
    return subprocess.Popen([BINARY], env=environment, stdout=subprocess.DEVNULL, stderr=log)


def refused(storage):
    """What a start says that can't go on."""
    with tempfile.TemporaryDirectory() as folder:
        code = start(folder, free_port(), storage).wait(timeout=60)
        assert code == 1, code
        return Path(folder, "log").read_text()


def until(holds, what, seconds=60):
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"not in {seconds} s: {what}"
        time.sleep(0.1)


class Desk:
    """A manager and the bucket behind the service."""

    def __init__(self, base, bucket):
        self.api, self.bucket, self.http = f"{base}/api/v1", bucket, requests.Session()
        self.http.trust_env = False
        # What only reads is repeated while the service is busy; an upload that is refused is an answer of this story.
        retries = Retry(total=4, status_forcelist=[503], allowed_methods={"GET"}, raise_on_status=False)
        self.http.mount(base, HTTPAdapter(max_retries=retries))
        until(lambda: self.is_ready(base), "ready", 180)
        pair = self.http.post(f"{self.api}/auth/login", json={"username": "manager", "password": "manager-demo-pass"}).json()
        self.http.headers["Authorization"] = f"Bearer {pair['access_token']}"
        self.case = self.http.get(f"{self.api}/cases", params={"status": "accepted", "limit": 1}).json()["data"][0]["id"]

    def is_ready(self, base):
        try:
            return self.http.get(f"{base}/readyz").ok
        except requests.ConnectionError:
            return False

    def upload(self, content, kind="application/pdf"):
        files = {"file": ("a.pdf", content, kind)}
        return self.http.post(f"{self.api}/cases/{self.case}/documents", data={"document_type": "other"}, files=files)

    def kept(self):
        return {thing.key: thing.size for thing in self.bucket.objects.all()}

    def begun(self):
        return list(self.bucket.multipart_uploads.all())

    def listed(self):
        return len(self.http.get(f"{self.api}/cases/{self.case}/documents").json()["data"])


def live(desk, server):
    # The documents of the demo.
    before, listed = len(desk.kept()), desk.listed()
    for content in (PDF, LARGE):
        document = desk.upload(content).json()
        assert document["sha256"] == hashlib.sha256(content).hexdigest(), document
        assert desk.kept()[f"desk/1/{document['id']}"] == len(content)
        whole = f"{desk.api}/documents/{document['id']}/content"
        assert desk.http.get(whole).content == content
        part = desk.http.get(whole, headers={"Range": "bytes=5-8"})
        assert (part.status_code, part.content) == (206, content[5:9])
    there = desk.kept()
    assert len(there) == before + 2 and not desk.begun(), len(there)

    answer = desk.upload(b"MZ" + LARGE)
    assert answer.status_code == 422, answer.text
    answer = desk.upload(LARGE + bytes(40 * MIB))
    assert answer.status_code == 413, answer.text
    assert desk.kept() == there and not desk.begun()

    hang_up(desk)
    assert desk.kept() == there and desk.listed() == listed + 2

    server.stop()
    answer = desk.upload(PDF)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable"), answer.text
    assert desk.listed() == listed + 2


def hang_up(desk):
    """Two parts of three, and then no more."""
    request = requests.Request(
        "POST",
        f"{desk.api}/cases/{desk.case}/documents",
        data={"document_type": "other"},
        files={"file": ("a.pdf", LARGE, "application/pdf")},
    )
    prepared = desk.http.prepare_request(request)
    host, port = prepared.url.split("/")[2].split(":")
    head = "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items())
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(f"POST {prepared.path_url} HTTP/1.1\r\nHost: casetrail\r\n{head}\r\n".encode())
        wire.sendall(prepared.body[: 11 * MIB])
        until(desk.begun, "an upload that has begun")
    until(lambda: not desk.begun(), "an upload that is taken back")


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    keys = dict(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
    bucket = boto3.resource("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="documents")
    options = f"endpoint={endpoint}&region=us-east-1"

    for url in ("gs://documents", "s3://documents?endpoit=x", f"s3://nowhere?{options}"):
        assert "CASETRAIL_STORAGE_URL" in refused(url), url

    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        service = start(folder, port, f"s3://documents/desk/1?{options}")
        try:
            live(Desk(f"http://127.0.0.1:{port}", bucket), server)
        except BaseException:
            print(Path(folder, "log").read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            service.terminate()
            assert service.wait(timeout=30) == 0
    print("documents go to the bucket and come back, and what is not added leaves nothing there")


main()
