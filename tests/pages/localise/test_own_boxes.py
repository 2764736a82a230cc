"""Uploaded pictures and boxes: an error names what is missing among the files."""

import json

import numpy as np
import pytest

from core import images
from core.errors import UserError
from pages.localise import own_boxes
from tests.nets import a_net

PICTURE = images.encode(np.zeros((20, 30, 3), np.uint8), "PNG")
VOC = (
    b"<annotation><filename>a.png</filename><object><name>3</name><bndbox><xmin>6</xmin><ymin>1</ymin>"
    b"<xmax>15</xmax><ymax>20</ymax></bndbox></object></annotation>"
)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("a.png",), "no boxes among the files"),
        (("a.json",), "no pictures among the files"),
        (("a.png", "a.json", "b.json"), "2 files of boxes are too many"),
    ],
)
def test_what_is_missing_is_named(names, sentence):
    with pytest.raises(UserError, match=sentence):
        own_boxes.of_files(dict.fromkeys(names, b""), a_net("bn_nin"))


def test_voc_files_and_their_pictures():
    own = own_boxes.of_files({"a.png": PICTURE, "a.xml": VOC}, a_net("bn_nin"))
    # The square begins 5 px from the left and is shown at 28 px instead of 20.
    np.testing.assert_allclose(own.truth, [[[0, 0, 14, 28]]])
    assert own.split.labels.tolist() == [3] and own.pictures == ("a.png",)


def test_no_sentence_names_the_temporary_folder():
    annotations = {
        "images": [{"id": 1, "file_name": "b.png"}],
        "categories": [{"id": 1, "name": "3"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}],
    }
    with pytest.raises(UserError, match='"b.png", which is not in the upload'):
        own_boxes.of_files({"a.png": PICTURE, "boxes.json": json.dumps(annotations).encode()}, a_net("bn_nin"))
