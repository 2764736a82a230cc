"""The command for studies in transfer learning: its options, its table, and how it resumes."""

from core.runs.run import Run, list_runs
from tests.nets import a_run
from training import transfer


def test_it_carries_a_study_out_prints_a_table_and_resumes(capsys):
    source = a_run("baseline")
    options = ["--source", source.id, "--dataset", "digits?images=100", "--pictures", "3", "--threads", "1"]
    assert transfer.main([*options, "--ways", "frozen", "--epochs", "1", "--seed", "2", "--run", "mine"]) == 0
    printed = capsys.readouterr().out
    (run,) = list_runs("transfer")
    assert isinstance(run, Run) and (run.id, run.settings["seed"]) == ("mine", 2)
    assert "3 a class" in printed and "conv2, 52,096 parameters" in printed and "frozen features" in printed
    assert transfer.main(["--run", run.id]) == 0, "a finished study has nothing left to do"
    assert transfer.main(["--run", run.id, "--seed", "3"]) == 2
    assert "resume it with --run alone" in capsys.readouterr().err


def test_a_net_of_photographs_is_tried_by_linear_probe_without_being_told(monkeypatch):
    carried_out = []
    monkeypatch.setattr(transfer, "carry_out", carried_out.append)
    options = ["--source", "efficientnet_lite0", "--dataset", "digits", "--pictures", "3", "--flips"]
    assert transfer.main(options) == 0
    (run,) = carried_out
    assert (run.study.ways, run.settings["flips"]) == (("frozen",), True)


def test_what_is_missing_or_of_another_kind_is_a_sentence(capsys):
    assert transfer.main(["--dataset", "digits"]) == 2
    assert "--source and --dataset" in capsys.readouterr().err
    assert transfer.main(["--run", a_run("baseline").id]) == 2
    assert "it is resumed by training.classifier" in capsys.readouterr().err
