"""A later version of the service: passes requests on to it, and gives every value that its contract lets grow a new one.

The values are those of schemas with `x-extensible-enum`: action types, categories, sources, roles, error codes and all others.
"""

import http.server
import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

SERVICE, CONTRACT, PORT = sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), int(sys.argv[3])
# No client of today knows it.
VALUE = "of_a_later_version"
KEPT = ("Authorization", "Content-Type", "Accept")


def resolved(value):
    while isinstance(value, dict) and "$ref" in value:
        place = CONTRACT
        for part in value["$ref"].removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]
        value = place
    return value


def of_later(schema, value):
    """The value as a later version could give it."""
    schema = resolved(schema)
    if not isinstance(schema, dict):
        return value
    if isinstance(value, str):
        value = VALUE if "x-extensible-enum" in schema else value
    elif isinstance(value, list):
        value = [of_later(schema.get("items"), item) for item in value]
    elif isinstance(value, dict):
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        value = {name: of_later(fields.get(name, others), item) for name, item in value.items()}
    for part in [*schema.get("oneOf", []), *schema.get("allOf", [])]:
        value = of_later(part, value)
    return value


def schema_of(method, path, status, kind):
    for template, item in CONTRACT["paths"].items():
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method in item:
            response = resolved(item[method]["responses"].get(str(status), {}))
            return response.get("content", {}).get(kind, {}).get("schema")
    return None


class Later(http.server.BaseHTTPRequestHandler):
    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        headers = {name: self.headers[name] for name in KEPT if self.headers[name]}
        request = urllib.request.Request(SERVICE + self.path, body, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        content, kind = answer.read(), answer.headers.get("Content-Type", "").split(";")[0]
        schema = schema_of(self.command.lower(), self.path.split("?")[0], answer.status, kind)
        if schema is not None and kind.endswith("json"):
            content = json.dumps(of_later(schema, json.loads(content))).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = pass_on

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Later).serve_forever()
