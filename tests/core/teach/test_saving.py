"""A lesson is saved as a run that opens like any classifier's; one that does not fit together is a sentence."""

import io
import json
import zipfile
from pathlib import Path

import pytest
import torch

from core import datasets, weights
from core.datasets import samples
from core.errors import UserError
from core.explain import kept_answers, view
from core.images import decode
from core.runs import archive, trash
from core.runs.run import Run
from core.teach import example, features, learning, saving
from core.teach.taught import TaughtSet
from core.trainers import trained
from core.trainers.trained import open_named, open_run

SOURCE = "resnet20_cifar10"


def a_lesson(source: str = SOURCE, counts: tuple[tuple[str, int], ...] = (("duck", 4), ("boat", 3))) -> saving.Lesson:
    content, data = TaughtSet(), {}
    for label, count in counts:
        own = example.toys(label, count)
        content, _ = content.with_class(label).with_samples(label, [one.sample(label) for one in own])
        data |= {one.file: one.data for one in own}
    net = open_named(source)
    digests = [sample.digest for sample in content.samples]
    found = features.of(net, digests, lambda place: decode(data[content.samples[place].file]))
    learned = learning.learn(net, content, found)
    return saving.Lesson(content, learned, learning.cross_validate(learned), lambda sample: data[sample.file])


@pytest.mark.parametrize("source", [SOURCE, "efficientnet_lite0"])
def test_it_opens_with_the_answers_and_maps_that_it_was_saved_with(source: str) -> None:
    lesson = a_lesson(source)
    run = saving.save(lesson, "my toys", with_pictures=True)
    assert (run.kind, run.status().state, run.name) == ("classifier", "finished", "my toys")
    assert run.settings["probe_on"] == source and len(run.settings["probe_on_sha256"]) == 64
    opened, live = open_named(run.id), lesson.learned.net()
    assert opened.classes == ("duck", "boat") and opened.whole == live.whole and opened.source == "run"
    picture = example.asked("duck", 1)
    ours, theirs = (view.of_picture(net, picture, (0, 1)) for net in (opened, live))
    torch.testing.assert_close(ours.maps, theirs.maps)
    torch.testing.assert_close(ours.probabilities, theirs.probabilities)
    assert (run.path / "model.safetensors").stat().st_size < 30_000


def test_its_samples_are_a_data_set_whose_test_answers_are_cross_validated() -> None:
    lesson = a_lesson()
    net = open_run(saving.save(lesson, "my toys", with_pictures=True))
    data = datasets.load(net.dataset)
    assert data.classes == ("duck", "boat") and data.train.labels.tolist() == [0] * 4 + [1] * 3
    assert len(data.test) == lesson.test.of == 7
    answers = kept_answers.answers(net, data.test, name="test")
    torch.testing.assert_close(answers.logits, lesson.test.logits.float())
    assert int(answers.right.sum()) == lesson.test.right
    assert kept_answers.answers(net, data.train, name="train").right.all()


def test_samples_are_listed_by_class_whatever_the_order_in_which_they_came() -> None:
    lesson = a_lesson()
    content = lesson.content
    mixed = TaughtSet(content.classes, tuple(content.samples[place] for place in (4, 0, 5, 1, 2, 6, 3)))
    found = lesson.learned.features[[4, 0, 5, 1, 2, 6, 3]]
    learned = learning.learn(lesson.learned.source, mixed, found)
    test = learning.cross_validate(learned)
    run = saving.save(saving.Lesson(mixed, learned, test, lesson.data), "mixed", with_pictures=True)
    kept = samples.tested_logits(samples.Samples(run.path))
    torch.testing.assert_close(kept, test.logits[[1, 3, 4, 6, 0, 2, 5]].float())


def test_without_consent_no_picture_is_kept() -> None:
    run = saving.save(a_lesson(), "my toys", with_pictures=False)
    assert run.samples() == [] and not (run.path / "answers.safetensors").exists()
    net = open_run(run)
    with pytest.raises(UserError, match="my toys was saved without its pictures"):
        datasets.load(net.dataset)


def test_it_goes_out_and_comes_back_as_an_archive_and_is_deleted_as_others() -> None:
    run = saving.save(a_lesson(), "my toys", with_pictures=True)
    again = archive.import_zip(io.BytesIO(archive.export_zip(run)))
    assert again.id != run.id and len(again.samples()) == 7
    net = open_run(again)
    assert len(datasets.load(net.dataset).train) == 7
    trash.delete(run)
    with pytest.raises(UserError, match="no run named"):
        Run.open(run.id)


@pytest.mark.parametrize(
    "name", ["../0001.jpg", ".x/0001.jpg", "a/b/0001.jpg", "a/1.jpg", "a/0001.svg", "a\x01/0001.jpg", "0001.jpg"]
)
def test_a_hostile_archive_is_refused(name: str) -> None:
    run = saving.save(a_lesson(), "my toys", with_pictures=True)
    stream = io.BytesIO(archive.export_zip(run))
    with zipfile.ZipFile(stream, "a") as packed:
        packed.writestr(f"{run.id}/samples/{name}", b"x")
    with pytest.raises(UserError, match="which is no file of a run"):
        archive.import_zip(stream)


def edited(run: Run, **data: object) -> Run:
    file = run.path / "run.json"
    record = json.loads(file.read_text())
    record["data"] |= data
    file.write_text(json.dumps(record))
    return Run.open(run.path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"probe": {"on": SOURCE, "sha256": "0" * 64}}, "with other weights than those installed here"),
        ({"probe": {"on": "../../etc", "sha256": ""}}, "a net that does not come with this Atelier"),
        ({"probe": {"on": "baseline_mnist"}}, "with other weights"),
        ({"probe": "resnet20"}, "is damaged; teach it anew"),
        ({"probe": {"on": ["x"]}}, "does not come with this Atelier"),
        ({"classes": "cat"}, "is damaged; teach it anew"),
        ({"classes": ["cat", "cat"]}, "is damaged; teach it anew"),
        ({"classes": [1, 2]}, "is damaged; teach it anew"),
        ({"classes": []}, "is damaged; teach it anew"),
        ({"classes": ["a", "b", "c"]}, "does not fit this net: the tensor output.bias is (2,), expected (3,)"),
    ],
)
def test_a_tampered_record_is_a_sentence(data: dict, words: str) -> None:
    run = edited(saving.save(a_lesson(), "my toys", with_pictures=False), **data)
    with pytest.raises(UserError) as error:
        open_run(run)
    assert words in str(error.value)


def test_a_probe_on_a_net_without_averaged_maps_is_a_sentence() -> None:
    run = saving.save(a_lesson(), "my toys", with_pictures=False)
    name = "baseline_mnist"
    with pytest.raises(UserError, match="is damaged; teach it anew"):
        open_run(edited(run, probe={"on": name, "sha256": trained.digest(name)}))


def test_tampered_weights_are_sentences() -> None:
    run = saving.save(a_lesson(), "my toys", with_pictures=True)
    file = run.path / "model.safetensors"
    good = weights.read(file)
    for tensors, words in (
        ({"output.weight": good["output.weight"]}, "output.bias is missing"),
        (good | {"evil": torch.zeros(1)}, "evil is unknown"),
        (good | {"output.weight": torch.zeros(2, 65)}, "(2, 65), expected (2, 64)"),
    ):
        weights.write(file, tensors)
        with pytest.raises(UserError) as error:
            open_run(run)
        assert words in str(error.value)
    file.write_bytes(b"\x80\x04pickled")
    with pytest.raises(UserError, match="cannot be read"):
        open_run(run)
    weights.write(file, good | {"output.weight": torch.full((2, 64), float("nan"))})
    with pytest.raises(UserError, match="not numbers"):
        view.of_picture(open_run(run), example.asked("duck", 1))


def test_tampered_samples_are_sentences(tmp_path: Path) -> None:
    run = saving.save(a_lesson(), "my toys", with_pictures=True)
    net = open_run(run)
    weights.write(run.path / "answers.safetensors", {"places": torch.tensor([0, 99]), "logits": torch.zeros(2, 2)})
    with pytest.raises(UserError, match="The answers in the run"):
        datasets.load(net.dataset)
    edited(run, classes=["../../..", "boat"])
    with pytest.raises(UserError, match="are damaged"):
        datasets.load(net.dataset)
    with pytest.raises(UserError, match="no run with samples"):
        datasets.load(f"samples:{tmp_path / 'nothing'}")
