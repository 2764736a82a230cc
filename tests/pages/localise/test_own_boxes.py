"""Uploaded pictures and boxes: an error names what is missing among the files."""

import io
import json
import zipfile

import numpy as np
import pytest

from core import images, uploads
from core.errors import UserError
from core.explain import box_files
from pages.localise import own_boxes
from tests.nets import a_net

PICTURE = images.encode(np.zeros((20, 30, 3), np.uint8), "PNG")
VOC = (
    b"<annotation><filename>a.png</filename><object><name>3</name><bndbox><xmin>6</xmin><ymin>1</ymin>"
    b"<xmax>15</xmax><ymax>20</ymax></bndbox></object></annotation>"
)


def uploaded(files):
    return own_boxes.of_uploads([uploads.keep(data, name, "me") for name, data in files.items()])


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return {"all.zip": stream.getvalue()}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("a.png",), "no boxes among the files"),
        (("a.json",), "no pictures among the files"),
        (("a.png", "a.json", "b.json"), "2 files of boxes are too many"),
        (("a.png", "a.zip"), "2 files with a .zip among them are too many"),
    ],
)
def test_what_is_missing_is_named(names, sentence):
    with pytest.raises(UserError, match=sentence):
        uploaded(dict.fromkeys(names, b""))


@pytest.mark.parametrize("pack", [dict, zipped])
def test_voc_files_and_their_pictures(pack):
    own = box_files.boxed(a_net("bn_nin"), uploaded(pack({"a.png": PICTURE, "a.xml": VOC})))
    # The square begins 5 px from the left and is shown at 28 px instead of 20.
    np.testing.assert_allclose(own.truth, [[[0, 0, 14, 28]]])
    assert own.labels.tolist() == [3] and own.photographs.picture(0).shape == (20, 30, 3)


def test_no_sentence_names_the_temporary_folder():
    annotations = {
        "images": [{"id": 1, "file_name": "b.png"}],
        "categories": [{"id": 1, "name": "3"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}],
    }
    with pytest.raises(UserError, match='"b.png", which is not in the upload'):
        box_files.boxed(a_net("bn_nin"), uploaded({"a.png": PICTURE, "boxes.json": json.dumps(annotations).encode()}))
    with pytest.raises(UserError, match="^boxes.json is not JSON"):
        uploaded({"a.png": PICTURE, "boxes.json": b"{"})
    with pytest.raises(UserError, match="^The upload has not a single box in it"):
        uploaded({"a.png": PICTURE, "a.xml": b"<annotation/>"})
