"""Checks README.md, CHANGELOG.md, docs/ and .github/: links, anchors, paths, marks of commands and tables between marks."""

import re
import sys
from pathlib import Path
from urllib.parse import unquote

PAGES = [Path("README.md"), Path("CHANGELOG.md"), *sorted(Path("docs").glob("*.md")), *sorted(Path(".github").glob("*.md"))]
# What names a file of the repository, rather than a path of the API or of a host.
TOP = ("api", "entity", "migration", "tests", "docs", ".ci", ".docker", ".github", ".cargo")
MARKS = ("ci", "typescript", "python")
# A picture in the colours of the reader.
PICTURE = re.compile(r'\b(?:src|srcset)="([^"]+)"')
# Marks that name the script that runs a command, or the reason why none does.
RUN_BY = re.compile(r"<!-- run by (\S+) -->")
NOT_RUN = re.compile(r"<!-- not run: .+ -->")

faults: list[str] = []


def fault(page: Path, line: int, what: str) -> None:
    faults.append(f"{page}:{line}: {what}")


def split(page: Path) -> tuple[list[tuple[int, str]], list[tuple[int, str, str, list[str]]]]:
    """The lines outside of fences, and the fences: where, language, the mark before, the lines."""
    prose, fences = [], []
    fence: list[str] | None = None
    start, language, mark, open_mark = 0, "", "", ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.lstrip().startswith("```"):
            if fence is None:
                fence, start, language = [], number, line.strip().removeprefix("```")
            else:
                fences.append((start, language, open_mark or mark, fence))
                fence = None
            continue
        if fence is not None:
            fence.append(line)
            continue
        prose.append((number, line))
        for name in MARKS:
            if f"<!-- {name}:start -->" in line:
                if open_mark:
                    fault(page, number, f"{name} begins within {open_mark}")
                open_mark = name
            if f"<!-- {name}:end -->" in line:
                if open_mark != name:
                    fault(page, number, f"{name} ends without a beginning")
                open_mark = ""
        if line.strip():
            mark = line.strip()
    if fence is not None or open_mark:
        fault(page, start, "a fence or a mark without an end")
    return prose, fences


def slugs(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    seen: dict[str, int] = {}
    found = set()
    for _, line in split(page)[0]:
        heading = re.match(r"#{1,6} +(.*?) *#*$", line)
        if not heading:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def check_links(page: Path, prose: list[tuple[int, str]]) -> None:
    # As one text: a link may go on in the next line.
    lines = [re.sub(r"`[^`]*`", "", line) for _, line in prose]
    text = "\n".join(lines)
    for link in [*re.finditer(r"\[[^\]]*\]\(([^)\s]+)\)", text), *PICTURE.finditer(text)]:
        number, target = prose[text.count("\n", 0, link.start())][0], link[1]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page.resolve()
        if not file.exists():
            fault(page, number, f"no file {target}")
        elif anchor and anchor not in slugs(file):
            fault(page, number, f"no heading {target}")


def check_paths(page: Path, prose: list[tuple[int, str]]) -> None:
    for number, line in prose:
        for name in re.findall(r"`([^`\s]+)`", line):
            if name.split("/")[0] in TOP and "/" in name and not re.search(r"[<{*…]", name):
                if not Path(name).exists():
                    fault(page, number, f"no file {name}")


def check_commands(page: Path, fences: list[tuple[int, str, str, list[str]]]) -> None:
    """A shell command is run by .ci/readme or .ci/clients, by the script that its mark names, or its mark says why not."""
    for number, language, mark, lines in fences:
        if language != "sh" or NOT_RUN.fullmatch(mark) or mark in MARKS:
            continue
        script = RUN_BY.fullmatch(mark)
        if not script:
            fault(page, number, "commands without a mark that says by whom they are run")
            continue
        text = Path(script[1]).read_text()
        for line in filter(None, lines):
            if line not in text and line not in text.replace("cargo run --quiet", "cargo run"):
                fault(page, number, f"{script[1]} does not run {line!r}")


def check_reachable() -> None:
    """The README leads to every page."""
    linked = set(re.findall(r"\]\(((?:docs|\.github)/[\w.-]+\.md)", Path("README.md").read_text()))
    for page in PAGES:
        if page.parent != Path(".") and str(page) not in linked and page.name != "SECURITY.md":
            fault(Path("README.md"), 1, f"does not lead to {page}")


def check_pictures() -> None:
    """Each picture is in a document."""
    shown = {(page.parent / name).resolve() for page in PAGES for name in PICTURE.findall(page.read_text())}
    for picture in sorted(Path("docs/images").iterdir()):
        if picture.resolve() not in shown:
            fault(picture, 1, "no document shows it")


def check_alerts() -> None:
    """The table of alerts has those of the rules."""
    rules, page = Path(".docker/observability/prometheus/rules.yml"), Path("docs/operations.md")
    there = set(re.findall(r"- alert: (\w+)", rules.read_text()))
    documented = set(re.findall(r"^\| `(Casetrail\w+)` \|", page.read_text(), re.MULTILINE))
    for name in sorted(there ^ documented):
        fault(page, 1, f"the alert {name} is not both in the table and in {rules}")


for page in PAGES:
    prose, fences = split(page)
    check_links(page, prose)
    # What the changelog tells of an earlier version may be gone.
    if page.name != "CHANGELOG.md":
        check_paths(page, prose)
        check_commands(page, fences)
check_reachable()
check_pictures()
check_alerts()
for each in faults:
    print(each, file=sys.stderr)
if faults:
    sys.exit(1)
print(f"{len(PAGES)} documents: links, paths and commands are right")
