"""The example: its files are the toys that are drawn, and its features are those that the net computes."""

import numpy as np
import pytest
import torch

from core import images
from core.teach import drawn, example, features, learning, store
from core.trainers import trained


def test_its_pictures_are_drawn_toys() -> None:
    content, pictures = example.example()
    assert content.classes == example.CLASSES and len(content.samples) == 3 * example.EACH
    for label in content.classes:
        first = images.decode(next(one.data for one in pictures if one.file == content.of(label)[0].file))
        assert np.abs(first.astype(int) - drawn.picture(label, 0)).mean() < 8
    assert np.abs(example.asked(*example.ASKED).astype(int) - drawn.picture(*example.ASKED, "test")).mean() < 8


def test_its_features_are_those_of_the_net_and_its_answer_is_right() -> None:
    content, pictures = example.example()
    source = trained.open_named(example.SOURCE)
    by_file = {picture.file: images.decode(picture.data) for picture in pictures}
    example.remember_features()
    digests = [sample.digest for sample in content.samples]
    kept = features.of(source, digests, lambda place: pytest.fail("they are computed again"))
    some = [0, 7, 17]
    new = [f"not kept {digests[place]}" for place in some]
    computed = features.of(source, new, lambda place: by_file[content.samples[some[place]].file])
    torch.testing.assert_close(kept[some], computed, atol=5e-3, rtol=5e-3)
    learned = learning.learn(source, content, kept)
    net = learned.net()
    with torch.no_grad():
        answer = net.net(net.prepare(net.prepare_picture(example.asked(*example.ASKED)))).argmax()
    assert net.classes[int(answer)] == example.ASKED[0]
    assert learning.advice(content, learned) == ()
    test = learning.cross_validate(learned)
    assert test.of == 18 and test.right >= 15


def test_toys_are_new_ones_each_time_and_never_those_that_are_asked() -> None:
    files = [picture.file for picture in example.toys("cat", 6) + example.toys("cat", 6, 6)]
    assert len(set(files)) == 12
    assert store.encoded(example.asked("cat", 1)).file not in files
    with pytest.raises(ValueError, match="not in tuple|is not in"):
        example.toys("unicorn", 1)
