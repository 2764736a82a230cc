"""The classes of a net that a name in a file or of a folder means.

People name things otherwise than ImageNet does: "dog" is 118 of its classes, "motorbike" two. A name may therefore mean
several classes; a prediction of any of them is right.
"""

import difflib
import functools
import re
from collections.abc import Sequence

from core.datasets import classes

Naming = dict[str, tuple[int, ...]]
"""For each name the classes that it means, by their indices; none where it means no class of the net."""

_WORDNET_ID = re.compile(r"n\d{8}[ _-]+")  # as in the folders of ImageNet, "n02123045_tabby"

# Everyday names, most of them of COCO and Pascal VOC, and the classes of ImageNet that they mean, by their indices.
_GROUPS = {
    "fish": "0-6 389-397",
    "shark": "2-4",
    "bird": "7-24 80-100 127-146",
    "owl": "24",
    "eagle": "22",
    "duck": "97-98",
    "penguin": "145",
    "parrot": "87-90",
    "salamander": "25-29",
    "frog": "30-32",
    "turtle": "33-37",
    "lizard": "38-48",
    "crocodile": "49-50",
    "snake": "52-68",
    "spider": "72-77",
    "crab": "118-121 125",
    "lobster": "122-123",
    "whale": "147-148",
    "dog": "151-268 275",
    "wolf": "269-271",
    "fox": "277-280",
    "cat": "281-285",
    "bear": "294-297",
    "beetle": "300-307",
    "insect": "300-326",
    "butterfly": "321-326",
    "rabbit": "330-332",
    "squirrel": "335",
    "horse": "339",
    "pig": "341-342",
    "cow": "345-347",
    "sheep": "348-349",
    "deer": "351-353",
    "camel": "354",
    "monkey": "369-382",
    "elephant": "101 385-386",
    "panda": "388",
    "airplane": "404 895",
    "bicycle": "444 671",
    "boat": "472 484 554 576 625 780 814 871 914",
    "ship": "403 510 628 724 780",
    "bottle": "440 720 737 898 901 907",
    "bus": "654 779 874",
    "car": "407 436 468 511 609 627 656 661 751 734 817",
    "cell phone": "487",
    "chair": "423 559 765 857",
    "clock": "409 530 892",
    "coffee": "504 967",
    "couch": "831",
    "guitar": "402 546",
    "hat": "439 515 808",
    "hot dog": "934",
    "keyboard": "508 878",
    "motorcycle": "665 670",
    "oven": "544 766 827",
    "piano": "579 881",
    "potted plant": "738",
    "skis": "795",
    "sports ball": "429-430 522 574 722 768 805 852 890",
    "tie": "451 457 906",
    "train": "466 547 565 705 820",
    "truck": "555 569 675 717 864 867",
    "tv": "664 782 851",
    "wine glass": "572 966",
}
_SYNONYMS = (
    ("airplane", "aeroplane", "plane"),
    ("car", "automobile"),
    ("bicycle", "bike"),
    ("motorcycle", "motorbike"),
    ("couch", "sofa"),
    ("dining table", "diningtable"),
    ("potted plant", "pottedplant"),
    ("tv", "tvmonitor"),
    ("dog", "domestic dog", "puppy"),
    ("cat", "domestic cat", "kitten"),
    ("cell phone", "mobile phone"),
    ("granny smith", "apple"),
    ("backpack", "rucksack"),
    ("sweatshirt", "pullover"),
    ("rabbit", "bunny"),
    ("cow", "cattle"),
    ("common newt", "newt"),
    ("common iguana", "iguana"),
)


def match(name: str, of: Sequence[str]) -> tuple[int, ...]:
    """Return the indices of the classes `of` a net that a name means, ascending; none where it means no class.

    That is the class of exactly this name; else of this name but for case, hyphens, underscores, apostrophes and a
    plural, or of a synonym; else, for the thousand classes of ImageNet, those of an everyday name. Commas part several
    names of one thing, as in "dog, domestic dog": the first that means a class counts.
    """
    if name in of:
        return (list(of).index(name),)
    indices = _by_plain_name(tuple(of))
    for part in (name, *name.split(",")):
        for plain in _readings(part):
            if plain in indices:
                return (indices[plain],)
            if tuple(of) == classes.imagenet() and plain in _GROUPS:
                return _indices(_GROUPS[plain])
    return ()


def nearest(name: str, of: Sequence[str], count: int = 5) -> list[str]:
    """Return up to `count` of the classes whose names are most like a name: those that hold its words come first."""
    plain = _plain(name)
    holding = [one for one in of if plain and plain in _plain(one)]
    alike = difflib.get_close_matches(name, of, count, 0)
    return list(dict.fromkeys([*holding, *alike]))[:count]


def naming(names: Sequence[str], of: Sequence[str], chosen: dict[str, str] | None = None) -> Naming:
    """Return what each of the names means; `chosen` maps some of them to a class by name, which counts first.

    A chosen name that is no class of the net leaves the name out.
    """
    of_name = {name: match(name, of) for name in dict.fromkeys(names)}
    for name, choice in (chosen or {}).items():
        if name in of_name:
            of_name[name] = (list(of).index(choice),) if choice in of else match(choice, of)
    return of_name


def _readings(part: str) -> list[str]:
    """Return the plain name of a part, without a plural's ending, and their synonyms."""
    plain = _plain(part)
    singular = [plain.removesuffix(ending) for ending in ("s", "es") if plain.endswith(ending)]
    return [reading for one in (plain, *singular) for reading in (one, *_others(one))]


def _indices(group: str) -> tuple[int, ...]:
    """Return the indices that a text such as "7-24 80" lists."""
    ends = (part.partition("-") for part in group.split())
    return tuple(i for first, _, last in ends for i in range(int(first), int(last or first) + 1))


def _others(plain: str) -> list[str]:
    return [other for names in _SYNONYMS if plain in names for other in names if other != plain]


@functools.lru_cache(8)
def _by_plain_name(of: tuple[str, ...]) -> dict[str, int]:
    indices: dict[str, int] = {}
    for i, name in enumerate(of):
        indices.setdefault(_plain(name), i)  # "Cardigan" the dog comes before the cardigan, which is matched exactly
    return indices


def _plain(name: str) -> str:
    """Return a name in small letters, its words parted by single spaces, without apostrophes and the id of WordNet."""
    words = re.sub(r"[_\-\s]+", " ", _WORDNET_ID.sub("", name.strip()))
    return " ".join(re.sub("['’]", "", words).casefold().split())
