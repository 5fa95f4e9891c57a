"""Floors: what imports what."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = {
    "m3core": {"streamlit", "training", "data", "pages", "app"},
    "data": {"streamlit", "training", "pages", "app", "torch"},
    "training": {"streamlit", "pages", "app", "data"},
}

ORDER = [
    {"errors", "names", "manifest", "catalogue.published_columns", "statistics", "light_curve.fold", "files", "split"}
    | {"classifier.scores", "classifier.calibration"},
    {"preprocess", "light_curve.views", "nn", "periods.harmonic_fit", "periods.trials", "periods.search"},
    {"kinds"},
    {"survey"},
    {"model.config", "model.loss"},
    {"model"},
    {"checkpoint.key_map", "checkpoint.tensors"},
    {"checkpoint.published"},
    {"checkpoint.loading", "workspace.run"},
    {"embeddings.kept", "embeddings.neighbors", "checkpoint.adopt", "classifier.logits"},
    {"embeddings.manifold"},
]
"""Within m3core a floor imports only from itself and from those before it; figures and others stand above all."""


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_floor_imports_from_above(package):
    assert files(package)
    for path in files(package):
        above = {name for name in imports(path) if name.split(".")[0] in FORBIDDEN[package]}
        assert not above, f"{path.relative_to(ROOT)} imports {sorted(above)}"


def test_within_m3core():
    def level(name: str) -> int | None:
        parts = name.split(".")
        known = [n for n, names in enumerate(ORDER) for size in (1, 2) if ".".join(parts[:size]) in names]
        return known[0] if known else None

    for path in files("m3core"):
        here = level(".".join(path.relative_to(ROOT / "m3core").with_suffix("").parts))
        for name in imports(path):
            theirs = level(name.removeprefix("m3core.")) if name.startswith("m3core.") else None
            if here is not None and theirs is not None:
                assert theirs <= here, f"{path.relative_to(ROOT)} imports {name} from above"


def test_only_pages_and_app_know_streamlit():
    for package in ("m3core", "data", "training", "benchmarks"):
        for path in files(package):
            assert "streamlit" not in {name.split(".")[0] for name in imports(path)}, path


def test_no_file_is_long_and_none_loads_a_pickle():
    for path in [
        p for package in ("m3core", "data", "training", "pages", "tests", "benchmarks") for p in files(package)
    ]:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, f"{path.relative_to(ROOT)} has more than 400 lines"
        assert "import pickle" not in text or path.name == Path(__file__).name, path


def test_opening_a_survey_does_not_wait_for_torch():
    import subprocess
    import sys

    code = "import sys; from m3core import Survey, Run; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
