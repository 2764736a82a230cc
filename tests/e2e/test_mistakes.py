"""From a cell of the confusion matrix to an opened mistake and through its epochs, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.datasets import load
from core.explain import epochs, mistakes
from core.runs.run import Run
from core.trainers.trained import open_run
from pages.mistakes import confusion
from tests.nets import a_run, with_epochs

pytestmark = pytest.mark.e2e


def test_from_a_cell_of_the_matrix_to_an_opened_mistake_and_its_epochs(page: Page, address: str):
    run = with_epochs(a_run("baseline"), (0, 3, 6))
    answers = mistakes.answers(open_run(run), load("digits").test)
    ((truth, predicted, count),) = confusion.commonest(answers.confusion(), 1)
    among = answers.mistakes().among(label=truth, predicted=predicted)
    page.goto(f"{address}/mistakes?run={run.id}")
    page.get_by_role("button", name=f"{truth} predicted as {predicted}: {count}").first.press("Enter")
    page.wait_for_url(re.compile(f"truth={truth}&taken={predicted}"))
    expect(page.get_by_text(f"{count} of these mistakes are shown.")).to_be_visible()
    page.get_by_role("button", name=f"Open test {int(among.indices[0])}, {truth} predicted as {predicted}").click()
    page.wait_for_url(re.compile(f"image={int(among.indices[0])}"))
    expect(page.get_by_role("img", name=f"Evidence for {predicted} less that for {truth}")).to_be_visible()
    expect(page.get_by_text("The label looks wrong")).to_be_visible()
    through_the_epochs(page, run, answers, int(among.indices[0]))
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(re.compile(f"image={int(among.indices[1])}"))
    page.get_by_role("button", name="Back to the list").click()
    page.wait_for_url(re.compile(r"^(?!.*image=).*$"))
    expect(page.get_by_text(f"{count} of these mistakes are shown.")).to_be_visible()


def through_the_epochs(page: Page, run: Run, answers: mistakes.Answers, index: int) -> None:
    """Step from the last checkpoint to the one before it, by the keyboard: maps and address follow."""
    story = epochs.story(
        run, load("digits").test.images[index], int(answers.labels[index]), int(answers.predicted[index])
    )
    maps = page.get_by_role("img", name=re.compile(rf"of {story.rival} after epoch 6, over the image"))
    expect(maps).to_be_visible()
    expect(page.get_by_text(f"evidence {story.views[2].evidence(0)}", exact=True).first).to_be_visible()
    page.get_by_role("slider", name="Epoch").press("ArrowLeft")
    page.wait_for_url(re.compile("epoch=3"))
    expect(page.get_by_role("img", name=re.compile(rf"of {story.rival} after epoch 3, over the image"))).to_be_visible()
    expect(page.get_by_text(f"evidence {story.views[1].evidence(0)}", exact=True).first).to_be_visible()
