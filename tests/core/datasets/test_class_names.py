"""What names of files and folders mean among the classes of a net."""

import pytest

from core.datasets import class_names, classes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tabby", ["tabby"]),
        ("Tabby", ["tabby"]),
        ("golden_retriever", ["golden retriever"]),
        ("sulphur crested COCKATOO", ["sulphur-crested cockatoo"]),
        ("n02123045_tabby", ["tabby"]),
        ("zebras", ["zebra"]),
        ("n03590841_jack-o-lantern", ["jack-o'-lantern"]),
        ("yellow_ladys_slipper", ["yellow lady's slipper"]),
        ("torches", ["torch"]),
        ("tabby, tabby cat", ["tabby"]),
        ("felis catus, cat", ["tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"]),
        ("cat", ["tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"]),
        ("Motorbike", ["moped", "motor scooter"]),
        ("aeroplane", ["airliner", "warplane"]),
        ("diningtable", ["dining table"]),
        ("cardigan", ["cardigan"]),
        ("Cardigan", ["Cardigan"]),
        ("cell_phone", ["cellular telephone"]),
        ("person", []),
        ("", []),
        (", ,", []),
    ],
)
def test_a_name_means_classes_of_imagenet(name, expected):
    names = classes.imagenet()
    assert [names[i] for i in class_names.match(name, names)] == expected


def test_an_everyday_name_means_all_of_its_kind_and_nothing_else():
    names = classes.imagenet()
    dogs = [names[i] for i in class_names.match("dog", names)]
    assert len(dogs) == 119 and {"Chihuahua", "Mexican hairless", "African hunting dog"} < set(dogs)
    assert not {"timber wolf", "dingo", "sea lion", "red fox"} & set(dogs)
    birds = [names[i] for i in class_names.match("birds", names)]
    assert len(birds) == 59 and {"cock", "ostrich", "macaw", "black swan", "albatross"} < set(birds)
    assert not {"European fire salamander", "tusker", "grey whale", "crane"} & set(birds)


def test_only_a_net_of_imagenet_has_everyday_names():
    assert class_names.match("automobiles", classes.CIFAR10) == (1,)
    assert class_names.match("car", classes.CIFAR10) == (1,)
    assert class_names.match("bottle", classes.CIFAR10) == class_names.match("motorbike", classes.CIFAR10) == ()
    assert class_names.match("Dog", classes.CIFAR10) == (5,)


def test_a_choice_counts_before_the_name():
    naming = class_names.naming(["dog", "person", "hat", "dog"], classes.CIFAR10, {"person": "horse", "dog": "-"})
    assert naming == {"dog": (), "person": (7,), "hat": ()}
