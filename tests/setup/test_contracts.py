"""The line of imports is drawn in pyproject.toml; here, that nothing slips past its end."""

import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
}


def names(layer: str) -> set[str]:
    return {part.strip(" ()") for part in layer.split(":")}


def test_each_part_of_the_wiring_is_named_so_that_no_app_can_import_it():
    parts = {
        f"alliance.{path.stem}"
        for path in (PROJECT / "alliance").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"alliance.__init__", "alliance.kernel"}

    assert parts - names(CONTRACTS["line"]["layers"][0]) == set()


def test_apps_stand_in_the_agreed_order():
    assert CONTRACTS["line"]["layers"][1:] == [
        "aiassist",
        "commissions",
        "campaigns",
        "affiliates",
        "merchants",
        "alliance.kernel",
    ]


def test_each_app_keeps_its_inner_order():
    assert set(CONTRACTS["inside"]["containers"]) == set(CONTRACTS["line"]["layers"][1:-1])
