"""Files of boxes: read, turned into half-open boxes of what the net is shown, and doubted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import images
from core.errors import UserError
from core.explain import box_files
from core.explain.box_files import Source
from core.trainers.trained import open_named
from tests.nets import a_net

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def coco(**changes):
    content = {
        "images": [{"id": 7, "file_name": "a.png", "width": 60, "height": 40}],
        "categories": [{"id": 3, "name": "0"}, {"id": 4, "name": "1"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 4, "bbox": [10, 0, 20, 10]}],
    }
    return content | changes


VOC = """<annotation>
  <filename>a.png</filename><size><width>60</width><height>40</height><depth>3</depth></size>
  <object><name>1</name><bndbox><xmin>11</xmin><ymin>1</ymin><xmax>30</xmax><ymax>10</ymax></bndbox></object>
</annotation>"""


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "pictures"
    path.mkdir()
    images.save(NOISE, path / "a.png")
    return path


@pytest.fixture
def trained():
    return replace(a_net(), title="My net")


def written(tmp_path, content, name="boxes.json"):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def boxed(trained, folder, path, **chosen):
    return box_files.boxed(trained, Source.read(folder, box_files.read(path), chosen))


def names(found):
    return [Path(entry.place).name for entry in found.photographs.entries]


def test_both_kinds_say_the_same(tmp_path):
    (of_coco,) = box_files.read(written(tmp_path, coco()))
    (of_voc,) = box_files.read(written(tmp_path, VOC, "a.xml"))
    # Twenty by ten pixels from (10, 0) on: VOC counts from 1 and means both ends.
    assert of_coco == of_voc == box_files.Labelled("a.png", (60, 40), (("1", (10.0, 0.0, 30.0, 10.0)),))


def test_a_voc_box_of_one_pixel_is_one_pixel(tmp_path):
    one = VOC.replace("<xmax>30", "<xmax>11").replace("<ymax>10", "<ymax>1")
    assert box_files.read(written(tmp_path, one, "a.xml"))[0].boxes[0][1] == (10, 0, 11, 1)


def test_a_folder_of_xml_files(tmp_path):
    for name in ("a", "b"):
        written(tmp_path, VOC.replace("a.png", f"{name}.png"), f"{name}.xml")
    assert [one.picture for one in box_files.read(tmp_path)] == ["a.png", "b.png"]


def test_boxes_move_into_the_central_square_at_the_nets_size(tmp_path, folder, trained):
    found = boxed(trained, folder, written(tmp_path, coco()))
    # 60 x 40: the square begins at x = 10, and 40 pixels become 28
    np.testing.assert_allclose(found.truth, [[[0, 0, 14, 7]]])
    assert found.positions == 28 and found.labels.tolist() == [1]
    assert names(found) == ["a.png"] and found.photographs.remarks == ()
    np.testing.assert_array_equal(found.photographs.picture(0), NOISE)


def test_boxes_are_cut_at_the_square_and_left_out_where_little_remains(tmp_path, folder, trained):
    def truth_of(*bbox):
        annotations = [{"image_id": 7, "category_id": 3, "bbox": list(box)} for box in bbox]
        return boxed(trained, folder, written(tmp_path, coco(annotations=annotations)))

    np.testing.assert_allclose(truth_of((5, 0, 15, 40)).truth, [[[0, 0, 7, 28]]])
    both = truth_of((10, 0, 20, 20), (0, 0, 12, 40))
    np.testing.assert_allclose(both.truth, [[[0, 0, 14, 14]]])
    with pytest.raises(UserError, match="No picture has a box.*1 pictures have no box in the central square.*a.png"):
        truth_of((0, 0, 9, 40))


def test_several_boxes_of_the_class_of_the_largest(tmp_path, folder, trained):
    annotations = [
        {"image_id": 7, "category_id": 3, "bbox": [10, 0, 10, 10]},
        {"image_id": 7, "category_id": 4, "bbox": [10, 10, 20, 20]},
        {"image_id": 7, "category_id": 4, "bbox": [40, 30, 10, 10]},
    ]
    found = boxed(trained, folder, written(tmp_path, coco(annotations=annotations)))
    assert found.labels.tolist() == [1] and found.photographs.name_of(0) == "1"
    np.testing.assert_allclose(found.truth, [[[0, 7, 14, 21], [21, 21, 28, 28]]])


def test_unknown_classes_are_left_out_with_a_remark(tmp_path, folder, trained):
    annotations = [
        {"image_id": 7, "category_id": 3, "bbox": [10, 0, 10, 10]},
        {"image_id": 7, "category_id": 9, "bbox": [10, 10, 20, 20]},
    ]
    categories = [{"id": 3, "name": "0"}, {"id": 9, "name": "teapot"}]
    found = boxed(trained, folder, written(tmp_path, coco(annotations=annotations, categories=categories)))
    assert found.truth.shape == (1, 1, 4)
    assert found.photographs.remarks == (
        '1 boxes are of names that are no class of My net ("teapot") and left out; '
        "its classes are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.",
    )


def test_a_class_may_be_chosen_for_a_name(tmp_path, folder, trained):
    path = written(tmp_path, coco(categories=[{"id": 4, "name": "teapot"}]))
    found = boxed(trained, folder, path, teapot="7")
    assert found.labels.tolist() == [7] and found.photographs.name_of(0) == "teapot"
    assert found.photographs.groups == ((7,),)


def test_whole_pictures_keep_all_boxes_in_hundredths_of_their_sides(tmp_path, folder):
    net = open_named("efficientnet_lite0")
    annotations = [{"image_id": 7, "category_id": 4, "bbox": [0, 0, 9, 40]}]
    categories = [{"id": 4, "name": "dog, domestic dog"}]
    found = boxed(net, folder, written(tmp_path, coco(annotations=annotations, categories=categories)))
    assert found.positions == 100
    np.testing.assert_allclose(found.truth, [[[0, 0, 15, 100]]])
    (group,) = found.photographs.groups
    assert {"beagle", "pug"} < {net.classes[i] for i in group} and found.labels.tolist() == [group[0]]
    with pytest.raises(
        UserError, match=r"No picture has a box.*no class of EfficientNet.*\(\"1\"\).*it has 1,000 classes"
    ):
        boxed(net, folder, written(tmp_path, coco()))


def test_pictures_that_cannot_be_read_are_left_out_with_a_remark(tmp_path, folder, trained):
    images.save(NOISE, folder / "b.png")
    (folder / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Image.new("RGB", (4, 4)).save(folder / "d.png")
    listed = [{"id": i, "file_name": f"{i}.png"} for i in "abcd"]
    annotations = [{"image_id": i, "category_id": 4, "bbox": [10, 0, 3, 3]} for i in "abcd"]
    found = boxed(trained, folder, written(tmp_path, coco(images=listed, annotations=annotations)))
    assert names(found) == ["a.png", "b.png"]
    (remark,) = found.photographs.remarks
    assert remark.startswith("2 of 4 files are no readable picture and left out.") and "d.png is 4 x 4 px" in remark


def test_pictures_are_found_in_sub_folders(tmp_path, folder, trained):
    (folder / "deep").mkdir()
    (folder / "a.png").rename(folder / "deep" / "a.png")
    for name in ("a.png", "deep/a.png", "elsewhere/a.png"):
        content = coco(images=[{"id": 7, "file_name": name}])
        assert len(boxed(trained, folder, written(tmp_path, content))) == 1


def edited(**fields):
    return coco(images=[{"id": 7, "file_name": "a.png", "width": 60, "height": 40} | fields])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (edited(file_name="b.png"), '"b.png", which is not in'),
        (edited(file_name="../../secret.png"), "which is not in"),
        (edited(width=40, height=60), "has 40 x 60 pixels, but the picture has 60 x 40.*neither resized nor turned"),
        (coco(annotations=[{"image_id": 7, "category_id": 4, "bbox": [50, 0, 20, 10]}]), "does not fit its 60 x 40"),
        (coco(annotations=[{"image_id": 7, "category_id": 4, "bbox": [5, 5, 0, 10]}]), "does not fit its 60 x 40"),
        (coco(annotations=[{"image_id": 7, "category_id": 4, "bbox": [5, 5, -3, 10]}]), "does not fit its 60 x 40"),
        (coco(annotations=[{"image_id": 7, "category_id": 4, "bbox": [5, 5, 3, float("nan")]}]), "does not fit"),
        (coco(categories=[{"id": 4, "name": "teapot"}]), "No picture has a box.*teapot"),
    ],
)
def test_boxes_that_do_not_match_the_pictures(tmp_path, folder, trained, content, sentence):
    with pytest.raises(UserError, match=sentence):
        boxed(trained, folder, written(tmp_path, content))


def test_two_pictures_of_one_name_and_no_folder(tmp_path, folder, trained):
    for name in ("one", "two"):
        (folder / name).mkdir()
        images.save(NOISE, folder / name / "b.png")
    with pytest.raises(UserError, match='There are 2 pictures called "b.png"'):
        boxed(trained, folder, written(tmp_path, edited(file_name="b.png")))
    with pytest.raises(UserError, match="There is no folder"):
        boxed(trained, tmp_path / "nowhere", written(tmp_path, coco()))


BOMB = """<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>
<annotation><filename>&c;</filename></annotation>"""
OUTSIDE = """<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotation><filename>&b;</filename></annotation>"""


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", "{", "is not JSON"),
        ("a.json", "[" * 100_000, "is not JSON"),
        ("a.json", "[]", "not a COCO-style file"),
        ("a.json", {"images": []}, "COCO-style file of boxes.*'categories' is missing"),
        ("a.json", coco(annotations=[{"image_id": 8, "category_id": 4, "bbox": [0, 0, 1, 1]}]), "8 is missing"),
        ("a.json", coco(annotations=[{"image_id": 7, "category_id": 4, "bbox": [0, 0, 1]}]), "not a COCO-style"),
        ("a.json", coco(annotations=[{"image_id": 7, "category_id": 4, "bbox": "here"}]), "not a COCO-style"),
        ("a.json", edited(width="wide"), "not a COCO-style"),
        ("a.json", edited(width=float("inf")), "not a COCO-style"),
        ("a.json", coco(annotations=[]), "not a single box"),
        ("a.xml", "", "not whole XML"),
        ("a.xml", "<annotation>", "not whole XML"),
        ("a.xml", "<annotation/>", "not a single box"),
        ("a.xml", VOC.replace("<xmin>11</xmin>", ""), "not a Pascal VOC file of boxes .xmin is missing"),
        ("a.xml", VOC.replace("<xmin>11", "<xmin>left"), "not a Pascal VOC file"),
        ("a.xml", '<?xml version="1.0" encoding="nonsense"?><annotation/>', "not whole XML"),
        ("a.xml", BOMB, r"^a\.xml defines a document type"),
        ("a.xml", OUTSIDE, r"^a\.xml defines a document type"),
        ("a.csv", "1,2", "no file of boxes"),
    ],
)
def test_damaged_and_hostile_files_are_refused(tmp_path, name, content, sentence):
    with pytest.raises(UserError, match=sentence):
        box_files.read(written(tmp_path, content, name))


def test_missing_empty_and_huge_files_are_refused(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="cannot be read"):
        box_files.read(tmp_path / "nowhere.json")
    with pytest.raises(UserError, match=r"has no \.xml file"):
        box_files.read(tmp_path)
    monkeypatch.setattr(box_files, "MAX_XML_BYTES", 10)
    monkeypatch.setattr(box_files, "MAX_JSON_BYTES", 10)
    for name, content in (("a.xml", VOC), ("a.json", coco())):
        with pytest.raises(UserError, match=f"^{name} is larger than"):
            box_files.read(written(tmp_path, content, name))
