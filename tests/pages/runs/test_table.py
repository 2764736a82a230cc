"""The table of runs: labels and titles."""

import pytest

from pages.runs import table
from tests.runs_on_disk import digits_run


def test_names_in_a_legend_differ():
    first, second, third = digits_run(), digits_run(), digits_run()
    third.rename("Another")
    names = table.names([first, second, third])
    assert len(set(names.values())) == 3 and names[third.id] == "Another"
    assert all(name.startswith("BN-NiN on Digits, ") for name in (names[first.id], names[second.id]))


@pytest.mark.parametrize(
    ("name", "title"),
    [("cifar10", "CIFAR-10"), ("folder:/home/me/pets?side=32&seed=0", "pets"), ("nowhere", "nowhere"), ("", None)],
)
def test_titles_of_data_sets(name, title):
    assert table.dataset_title(name) == title


def test_titles_of_nets_and_settings():
    assert (table.net_title("bn_nin"), table.net_title("pastiche")) == ("BN-NiN", "Pastiche")
    assert table.setting_title("recipe.learning_rate") == "Learning rate"
