"""Every bench works: it runs in its small size and proves that it lost nothing."""

from importlib import import_module

import pytest

from bench.__main__ import names


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", names())
def test_a_bench_runs_in_its_small_size(name, capsys):
    import_module(f"bench.{name}").run(small=True)

    assert "ratio" in capsys.readouterr().out
