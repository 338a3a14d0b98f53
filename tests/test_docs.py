"""The documents: generated pages are up to date, links lead somewhere, and every reason code is explained."""

import ast
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from PIL import Image

from mammoflow import references
from tests.conftest import REPO

PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]
SCRIPTS = REPO / "workflow/scripts"
LINK = re.compile(r"\]\(([^)\s]+)\)")
REASON_ROW = re.compile(r"^\| `([a-z0-9_]+)` \|", re.MULTILINE)


@pytest.fixture(scope="module")
def pages():
    return references.pages()


@pytest.mark.parametrize("path", ["docs/configuration.md", "docs/results.md"])
def test_generated_page_is_up_to_date(path, pages):
    written = (REPO / path).read_text(encoding="utf-8")
    assert written == pages[Path(path)], "make docs"


def test_every_key_of_the_configuration_is_explained(pages):
    page = pages[Path("docs/configuration.md")]
    explained = set(re.findall(r"^\| `([\w.]+)` \|", page, flags=re.MULTILINE))
    shipped = yaml.safe_load((REPO / "config.yaml").read_text(encoding="utf-8"))
    catalogues = {"recipes", "encoders", "experiments"}

    def missing(value, path):
        if not isinstance(value, dict):
            return
        for name, inner in value.items():
            is_entry = len(path) == 1 and path[0] in catalogues
            own = (*path, references.NAME if is_entry else name)
            if not is_entry and ".".join(own) not in explained:
                yield ".".join(own)
            if is_entry:
                assert name in page
            yield from missing(inner, own)

    assert not list(missing(shipped, ()))


def test_a_key_of_a_case_says_when_it_is_allowed():
    schema = {
        "properties": {
            "kind": {"enum": ["a", "b", "c"]},
        },
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": "a"}}},
                "then": {"properties": {"kind": {}, "x": {"type": "integer", "minimum": 1}}, "required": ["x"]},
            },
            {
                "if": {"properties": {"kind": {"enum": ["b"]}}},
                "then": {"properties": {"kind": {}, "x": {"type": "integer", "minimum": 1}}, "required": ["x"]},
            },
        ],
    }
    found = references.united(list(references.keys(schema, schema, ("top",))))
    assert [key.path for key in found] == [("top", "kind"), ("top", "x")]
    assert found[1].where == "where `top.kind` is a or where `top.kind` is b"
    assert found[1].required


def test_sections_keep_the_comments_above_a_key():
    found = references.sections("# first\n\n# of a\na: 1\n\n# of b\nb:\n  # inside\n  c: 2\n")
    assert found == {"a": "# of a\na: 1", "b": "# of b\nb:\n  # inside\n  c: 2"}


def test_every_table_has_a_place_and_every_column_a_description():
    known = references.all_tables()
    assert {table.name for table in known} == set(references.PATHS)
    for table in known:
        for name, column in table.columns.items():
            assert column.description, f"{table.name}: {name}"


def anchors(page):
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(REPO), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("folder", ["docs", "docs/data-sets"])
def test_every_page_is_in_the_index(folder):
    linked = LINK.findall((REPO / folder / "README.md").read_text(encoding="utf-8"))
    assert {page.name for page in (REPO / folder).glob("*.md")} - {"README.md"} <= set(linked)


def test_every_public_data_set_has_its_page_and_its_overlay():
    kinds = {page.stem for page in (REPO / "docs/data-sets").glob("*.md")} - {"README"}
    schema = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    assert kinds == set(schema["properties"]["dataset"]["properties"]["kind"]["enum"]) - {"demo", "folder"}
    assert all((REPO / f"config/{kind}.yaml").is_file() for kind in kinds)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_links_to_known_hosts_only_and_names_no_path_of_a_machine(page):
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\s)]+)", text)) <= {"doi.org", "snakemake.readthedocs.io"}
    assert not re.search(r"(?<![\w.])/(?:root|tmp|home|Users|mnt|var)/", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_name_targets_before_the_configuration(page):
    # --configfile takes every word up to the next option: a target after it would be read as a configuration.
    assert not re.search(r"--configfile [^-`\n]*results/", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["report.png", "rules.png"])
def test_pictures_are_small(name):
    path = REPO / "docs/pictures" / name
    assert path.stat().st_size < 300_000
    with Image.open(path) as picture:
        assert picture.width <= 900


# Reason codes. They are written in several ways, all of them literal: found by reading the source.


def texts(node):
    """The texts that an expression may be; where a part is only known at run time, `*` stands for it."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp():
            return texts(node.body) | texts(node.orelse)
        case ast.BoolOp():
            return set().union(*map(texts, node.values))
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add()):
            return {f"{text}*"}
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return {f"{text}*"}
    return set()


def in_call(node):
    """Reasons given to Refused(status, reason), Died(reason), Report(exam, status, reason) and by the name reason."""
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    place = {"Refused": 1, "Died": 0, "Report": 2}.get(name)
    found = texts(node.args[place]) if place is not None and len(node.args) > place else set()
    return found.union(*(texts(keyword.value) for keyword in node.keywords if keyword.arg == "reason"))


def in_assignment(node):
    """Reasons assigned to a variable `reason`, alone or in a tuple, or to columns of which one is "reason"."""
    found = set()
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id == "reason":
            found |= texts(node.value)
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=True)
            found |= set().union(*(texts(value) for name, value in pairs if getattr(name, "id", "") == "reason"))
        elif isinstance(target, ast.Subscript) and isinstance(node.value, ast.List):
            columns = [one for one in ast.walk(target.slice) if isinstance(one, ast.List)]
            for names in columns:
                at = [index for index, one in enumerate(names.elts) if texts(one) == {"reason"}]
                found |= set().union(*(texts(node.value.elts[index]) for index in at))
    return found


def reasons_in(source):
    """Every reason code that a module may write."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found |= in_call(node)
        elif isinstance(node, ast.Assign):
            found |= in_assignment(node)
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found |= set().union(*(texts(value) for key, value in pairs if key and texts(key) == {"reason"}))
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("_reason"):
            returns = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
            found |= set().union(*map(texts, returns))
    return found - {""}


def reasons_of_rules():
    """Reason codes that follow from the rules of label extraction: their contexts."""
    found = set()
    for path in (REPO / "resources/rules").glob("*.yaml"):
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= set(rules["editions"].values())
        for context in rules["contexts"]:
            rejects = not context.get("unclear") and context["where"] != "exam"
            code = context.get("reason", context["id"])
            found.add(f"only_{code}" if rejects else code)
    return found


@pytest.fixture(scope="module")
def written():
    modules = SCRIPTS.rglob("*.py")
    return set().union(*(reasons_in(path.read_text(encoding="utf-8")) for path in modules)) | reasons_of_rules()


@pytest.fixture(scope="module")
def documented():
    return set(REASON_ROW.findall((REPO / "docs/reason-codes.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        ('raise Refused("excluded", "one")', {"one"}),
        ('raise Refused("excluded", "one" if here else "two")', {"one", "two"}),
        ('row = {"status": "x", "reason": "one"}', {"one"}),
        ('f(status, reason="one")', {"one"}),
        ('status, reason = "x", "one" if here else ""', {"one"}),
        ('images.loc[own, ["status", "reason"]] = ["x", "one"]', {"one"}),
        ('def _reason(exam):\n    return f"report_{exam}" if exam else "one"', {"one", "report_*"}),
        ('f(reason="only_" + x if x else "one")', {"one", "only_*"}),
        ('f("reason", status="one")', set()),
    ],
)
def test_reasons_are_found_however_they_are_written(source, codes):
    assert reasons_in(source) == codes


def test_every_reason_code_is_documented(written, documented):
    missing = {code for code in written if not any(fnmatch(one, code) for one in documented)}
    assert not missing, "explain them in docs/reason-codes.md"


def test_every_documented_reason_code_exists(written, documented):
    assert documented
    gone = {code for code in documented if not any(fnmatch(code, one) for one in written)}
    assert not gone, "take them out of docs/reason-codes.md"
