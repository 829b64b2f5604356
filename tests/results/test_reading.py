"""The values of commits in real repositories: files, messages, parameters, and what is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.index.database import Index, open_index
from explog.results.kept import kept_values
from explog.results.reading import read_all, read_some, read_these
from explog.results.values import Values
from explog.sync.look import sync
from support.repo import GitRepo


class World:
    """A repository and an index."""

    def __init__(self, folder: Path) -> None:
        self.repo = GitRepo(folder / "paper")
        self.index: Index = open_index(folder / "index.sqlite")
        self.settings = Settings(repositories=(Root(self.repo.path),))

    def put(self, path: str, content: str | bytes) -> None:
        self.repo.write(path, "")
        (self.repo.path / path).write_bytes(
            content.encode() if isinstance(content, str) else content
        )
        self.repo.run("add", "--force", "--", path)

    def commit(self, message: str = "[e1.1] Results", /, **files: object) -> str:
        """Commit files, whose names have `_` for `.` and `__` for `/`, with JSON if no text."""
        for name, content in files.items():
            path = name.replace("__", "/").replace("_", ".")
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            self.put(path, text)
        return self.repo.commit(message)

    def read(self) -> None:
        assert sync(self.settings, self.index).problems == []
        read_all(self.settings, self.index)

    def values(self, oid: str) -> Values:
        self.read()
        return kept_values(self.index, [oid])[oid]

    def shown(self, oid: str) -> list[str]:
        """Return the samples of a commit as `metrics.json: acc=71.4% (lr=1)`."""
        return [
            " ".join(
                [
                    f"{sample.source}:",
                    *([sample.reference] if sample.reference else []),
                    *(f"{n}={v.text}{v.unit}" for n, v in sorted(sample.metrics.items())),
                    *(f"({n}={v.text}{v.unit})" for n, v in sorted(sample.parameters.items())),
                ]
            )
            for sample in self.values(oid).samples
        ]

    def said(self, oid: str) -> list[str]:
        """Return the troubles of a commit, without the place that each of them names."""
        place = f" at {oid[:10]} of paper: "
        messages = [trouble.message for trouble in self.values(oid).troubles]
        assert [message for message in messages if place not in message] == []
        return [message.replace(place, ": ") for message in messages]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.index.close()


# Files


def test_the_files_that_a_commit_changed(world: World) -> None:
    world.commit("first", metrics_json={"acc": 1}, results__a_json={"loss": 1})
    oid = world.commit(results__a_json={"loss": 2}, notes_json={"acc": 5})
    assert world.shown(oid) == ["results/a.json: loss=2"]
    assert world.said(oid) == []


def test_a_first_commit_changed_all_its_files(world: World) -> None:
    assert world.shown(world.commit(metrics_yaml="acc: 0.70\nval: {loss: 1}")) == [
        "metrics.yaml: acc=0.70 val.loss=1"
    ]


def test_a_commit_that_changed_none(world: World) -> None:
    world.commit("first", metrics_json={"acc": 1})
    oid = world.commit(other_txt="x")
    assert world.values(oid) == Values()


def test_a_file_that_is_gone(world: World) -> None:
    world.commit("first", metrics_json={"acc": 1})
    world.repo.run("rm", "--quiet", "metrics.json")
    assert world.values(world.repo.commit("[e1.1] Results")) == Values()


def test_a_merge_changed_what_its_first_parent_has_not(world: World) -> None:
    world.commit("first", metrics_json={"acc": 1})
    world.repo.branch("side")
    world.commit("work", metrics_json={"acc": 2}, results__b_json={"n": 3})
    world.repo.switch("main")
    world.commit("more", other_txt="x")
    world.repo.run("merge", "--quiet", "--no-ff", "side", "-m", "[e1.1] Results")
    merge = world.repo.head
    world.repo.run(
        "merge", "--quiet", "-s", "ours", "--no-ff", "-m", "[e1.2] Results", f"{merge}^2^"
    )
    assert world.shown(merge) == ["metrics.json: acc=2", "results/b.json: n=3"]


def test_a_merge_that_keeps_its_side_changed_none(world: World) -> None:
    world.commit("first", other_txt="x")
    world.repo.branch("side")
    world.commit("work", metrics_json={"acc": 2})
    world.repo.switch("main")
    world.commit("more", other_txt="y")
    world.repo.run("merge", "--quiet", "-s", "ours", "--no-ff", "side", "-m", "[e1.1] Results")
    assert world.values(world.repo.head) == Values()


def test_rows_are_observations(world: World) -> None:
    oid = world.commit(metrics_csv="seed,acc,net\n1,0.5,vit\n2,0.70,vit\n")
    assert world.shown(oid) == [
        "metrics.csv:1: acc=0.5 (seed=1)",
        "metrics.csv:2: acc=0.70 (seed=2)",
    ]


def test_the_last_row_is_the_result(world: World) -> None:
    assert world.shown(world.commit(metrics_tsv="epoch\tacc\n1\t0.5\n2\t0.7\n")) == [
        "metrics.tsv: acc=0.7 epoch=2"
    ]


def test_files_whose_names_differ_in_digits_are_observations(world: World) -> None:
    oid = world.commit(
        results__seed1_json={"acc": 1},
        results__seed2_json={"acc": 2},
        results__seed3_json={"acc": 2},
    )
    assert world.shown(oid) == [
        f"results/seed{n}.json: acc={a}" for n, a in ((1, 1), (2, 2), (3, 2))
    ]
    oid = world.commit(a3f2b1c9__metrics_json={"acc": 1}, b0c4e5d6__metrics_json={"acc": 2})
    assert len(world.shown(oid)) == 2
    assert world.said(oid) == []


@pytest.mark.parametrize(
    ("files", "shown", "said"),
    [
        # the file of the first pattern counts
        ({"metrics_json": '{"acc": 1, "n": 3}', "results_json": '{"acc": 2, "loss": 4}'},
         ["metrics.json: acc=1 n=3", "results.json: loss=4"],
         ["the files: metrics.json and results.json disagree, and metrics.json counts: acc (1 and 2)"]),
        # the same number is said once
        ({"metrics_json": '{"acc": 0.70}', "metrics_csv": "acc\n0.7"}, ["metrics.json: acc=0.70"], []),
        ({"metrics_json": '{"a": NaN}', "results_json": '{"a": NaN}'}, ["metrics.json: a=nan"], []),
        # of two with the same pattern none counts
        ({"results__test_json": '{"acc": 1, "n": 1}', "results__train_json": '{"acc": 2, "m": 2}'},
         ["results/test.json: n=1", "results/train.json: m=2"],
         ["the files: results/test.json and results/train.json disagree, and neither counts: acc (1 and 2)"]),
        ({"metrics_json": '{"acc": "1 %"}', "results_json": '{"acc": 1}'}, ["metrics.json: acc=1%"],
         ["the files: metrics.json and results.json disagree, and metrics.json counts: acc (1% and 1)"]),
    ],
)  # fmt: skip
def test_files_with_the_same_names(
    world: World, files: dict[str, object], shown: list[str], said: list[str]
) -> None:
    oid = world.commit(**files)
    assert world.shown(oid) == shown
    assert world.said(oid) == said


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"acc": 1', "it is no JSON: Expecting ',' delimiter (line 1)"),
        (b"\x89PNG\0", "it is binary"),
        (b'{"acc": 1, "name": "\xe9"}', "it is not in UTF-8 (line 1)"),
        ("version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS, and its content is not in git"),
        (b" " * 1_100_000, "it is larger than 1 MB (1.1 MB)"),
        ("", "it is empty"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read(world: World, content: str | bytes, complaint: str) -> None:
    oid = world.commit(metrics_json=content, results_json={"acc": 3})
    assert world.said(oid) == [f"metrics.json: {complaint}"]
    assert world.shown(oid) == ["results.json: acc=3"]


def test_a_link_is_not_followed(world: World) -> None:
    world.put("results.json", '{"acc": 3}')
    os.symlink("results.json", world.repo.path / "metrics.json")
    os.symlink("../.git/annex/objects/a/b/c", world.repo.path / "metrics.csv")
    world.repo.run("add", ".")
    oid = world.repo.commit("[e1.1] Results")
    assert world.shown(oid) == ["results.json: acc=3"]
    assert world.said(oid) == [
        "metrics.csv: it is kept by git-annex, and its content is not in git",
        "metrics.json: it is a symbolic link, which is not followed",
    ]


def test_a_link_and_a_file_may_have_the_same_content(world: World) -> None:
    os.symlink("7", world.repo.path / "metrics.json")
    world.put("results.json", "7")
    world.repo.run("add", ".")
    oid = world.repo.commit("[e1.1] Results")
    assert world.said(oid) == [
        "metrics.json: it is a symbolic link, which is not followed",
        "results.json: left out as without a name: 7",
    ]


def test_a_submodule_is_no_file(world: World, tmp_path: Path) -> None:
    other = GitRepo(tmp_path / "other")
    other.commit("first")
    world.repo.run("submodule", "--quiet", "add", str(other.path), "metrics.json")
    oid = world.repo.commit("[e1.1] Results")
    assert world.said(oid) == ["metrics.json: it is a submodule"]


def test_a_file_that_dvc_keeps_is_named(world: World) -> None:
    oid = world.commit(metrics_json_dvc="outs:\n- md5: 1\n  path: metrics.json\n")
    assert world.said(oid) == [
        "metrics.json: it is kept by DVC, and git has metrics.json.dvc alone"
    ]


def test_a_commit_with_very_many_files(world: World) -> None:
    oid = world.commit(**{f"results__{n}_json": {"acc": n} for n in range(202)})
    assert len(world.shown(oid)) == 200
    assert world.said(oid) == ["the files: it changed more than 200; the others are not read"]


def test_odd_names(world: World) -> None:
    name = b"results/\xe9\n.json".decode("utf-8", "surrogateescape")
    (world.repo.path / "results").mkdir()
    (world.repo.path / name).write_text('{"acc": 1}')
    world.repo.run("add", ".")
    assert world.shown(world.repo.commit("[e1.1] Results")) == ["results/\ufffd\n.json: acc=1"]


def test_sha256(tmp_path: Path, world: World) -> None:
    world.repo = GitRepo(tmp_path / "long", "--object-format=sha256")
    world.settings = Settings(repositories=(Root(world.repo.path),))
    oid = world.commit(metrics_json={"acc": 1}, params_yaml="lr: 1")
    assert world.shown(oid) == ["metrics.json: acc=1", "params.yaml: (lr=1)"]


def test_a_shallow_clone(world: World, tmp_path: Path) -> None:
    world.commit("first", metrics_json={"acc": 1})
    old = world.commit("[e1.1] Results acc=5", other_txt="x")
    new = world.commit("[e1.2] Results", metrics_json={"acc": 2})
    world.repo.run(
        "clone", "--quiet", "--depth=2", f"file://{world.repo.path}", str(tmp_path / "c/paper")
    )
    world.settings = Settings(repositories=(Root(tmp_path / "c/paper"),))
    assert world.shown(new) == ["metrics.json: acc=2"]
    assert world.shown(old) == ["message: acc=5"]
    assert world.said(old) == [
        "the files: this shallow clone does not say which of them it changed"
    ]


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone(world: World, tmp_path: Path, kind: str) -> None:
    world.commit("first", other_txt="x")
    oid = world.commit("[e1.1] Results acc=1", metrics_json={"loss": 2})
    world.repo.run("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "c/paper"
    world.repo.run(
        "clone",
        "--quiet",
        "--no-checkout",
        f"--filter={kind}",
        f"file://{world.repo.path}",
        str(clone),
    )
    world.settings = Settings(repositories=(Root(clone),))
    assert world.shown(oid) == ["message: acc=1"]
    (said,) = world.said(oid)
    assert said.startswith("metrics.json: " if kind == "blob:none" else "the files: git says ")


def test_a_broken_commit_does_not_harm_others(world: World) -> None:
    first = world.commit("[e1.1] Results", metrics_json={"acc": 1})
    bad = world.commit("[e1.2] Results", metrics_json={"acc": 2})
    last = world.commit("[e1.3] Results acc=4", other_txt="x")
    sync(world.settings, world.index)
    tree = world.repo.run("rev-parse", f"{bad}^{{tree}}")
    (world.repo.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    assert world.shown(first) == ["metrics.json: acc=1"]
    assert world.shown(last) == ["message: acc=4"]
    assert [said.startswith("the files: git says ") for said in world.said(bad)] == [True]


# Messages


def test_the_message_gives_what_no_file_gives(world: World) -> None:
    oid = world.commit("[e1.1] Results acc=71, loss=3", metrics_json={"acc": 71.42})
    assert world.shown(oid) == ["metrics.json: acc=71.42", "message: loss=3"]
    assert world.said(oid) == []


def test_what_is_a_parameter_is_no_metric_of_the_message(world: World) -> None:
    world.commit("first", params_yaml="optimizer: {lr: 0.1}\nseed: 3")
    oid = world.commit("[e1.1] Results lr=0.1 acc=5")
    assert world.shown(oid) == ["message: acc=5", "params.yaml: (optimizer.lr=0.1) (seed=3)"]
    assert world.values(world.commit("[e1.1] Results lr=0.1")) == Values(
        world.values(oid).samples[1:]
    )


def test_a_message_that_contradicts_itself(world: World) -> None:
    oid = world.commit("[e1.1] Results acc=1\n\nacc=2, loss=3")
    assert world.shown(oid) == ["message: loss=3"]
    assert world.said(oid) == ["the message: left out as said twice, and differently: acc"]


# Parameters


def test_parameters_are_those_that_the_commit_has(world: World) -> None:
    world.commit("first", params_yaml="lr: 1e-3\nnet: vit", **{"_hydra__config_yaml": "batch: 8"})
    one = world.commit("[e1.1] Results", metrics_json={"acc": 1})
    two = world.commit("[e1.2] Results", metrics_json={"acc": 2}, params_yaml="lr: 1e-4\nnet: vit")
    three = world.commit("[e1.3] Results", other_txt="x")
    said = "params.yaml, .hydra/config.yaml: (batch=8) (lr={}) (net=vit)"
    assert world.shown(one) == ["metrics.json: acc=1", said.format("1e-3")]
    assert world.shown(two) == ["metrics.json: acc=2", said.format("1e-4")]
    assert world.values(three) == Values()


def test_files_of_parameters_that_disagree(world: World) -> None:
    world.commit("first", params_yaml="lr: 1\nn: 2", config_json='{"lr": 2, "m": [1, 2]}')
    oid = world.commit(metrics_json={"acc": 1})
    assert world.shown(oid)[1] == "params.yaml, config.json: (lr=1) (m=[1, 2]) (n=2)"
    assert world.said(oid) == [
        "the files: params.yaml and config.json disagree, and params.yaml counts: lr (1 and 2)"
    ]


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("conf/*.yaml", ["conf/a.yaml: (a=1)"]),
        ("**/*.yaml", ["conf/a.yaml, conf/deep/c.yaml, top.yaml: (a=1) (c=3) (t=4)"]),
        ("conf/**/c.yaml", ["conf/deep/c.yaml: (c=3)"]),
        ("*/deep/?.yaml", ["conf/deep/c.yaml: (c=3)"]),
        ("conf", []),
        ("top.yaml/x", []),
        ("", []),
    ],
)
def test_patterns_of_parameters(world: World, pattern: str, shown: list[str]) -> None:
    world.settings = replace(world.settings, parameters=(pattern,))
    world.commit(
        "first", conf__a_yaml="a: 1", conf__deep__c_yaml="c: 3", top_yaml="t: 4", conf__b_txt=""
    )
    assert world.shown(world.commit(metrics_json={"acc": 1}))[1:] == shown


# When


def test_values_are_read_once(world: World) -> None:
    oid = world.commit(metrics_json={"acc": 1})
    world.read()
    world.index.write("UPDATE numbers SET text = '2'")
    assert world.shown(oid) == ["metrics.json: acc=2"]


@pytest.mark.parametrize("is_metrics", [True, False])
def test_other_settings_read_anew(world: World, is_metrics: bool) -> None:
    oid = world.commit(metrics_json={"acc": 1}, other_json={"loss": 2})
    assert world.shown(oid) == ["metrics.json: acc=1"]
    if is_metrics:
        world.settings = replace(world.settings, metrics=("other.json",))
        assert world.shown(oid) == ["other.json: loss=2"]
    else:
        world.settings = replace(world.settings, parameters=("other.json",))
        assert world.shown(oid) == ["metrics.json: acc=1", "other.json: (loss=2)"]


def test_an_amended_commit_is_another(world: World) -> None:
    old = world.commit(metrics_json={"acc": 1})
    world.read()
    world.put("metrics.json", '{"acc": 2}')
    new = world.repo.amend()
    assert world.shown(new) == ["metrics.json: acc=2"]
    assert kept_values(world.index, [old]) == {}


def test_some_at_a_time_and_the_newest_first(world: World) -> None:
    oids = [world.commit(f"[e1.{n}] Results acc={n}") for n in range(5)]
    sync(world.settings, world.index)
    assert [read_some(world.settings, world.index, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert sorted(kept_values(world.index, oids)) == sorted(oids)


def test_others_are_read_when_they_are_asked_for(world: World) -> None:
    other = world.commit("[e1.1] work", metrics_json={"acc": 1})
    results = world.commit("[e1.1] Results", metrics_json={"acc": 2})
    sync(world.settings, world.index)
    read_these(world.settings, world.index, [other, "0" * 40])
    assert list(kept_values(world.index, [other, results])) == [other]
    read_these(world.settings, world.index, [other])
    assert world.shown(results) == ["metrics.json: acc=2"]
    assert world.shown(other) == ["metrics.json: acc=1"]


def test_progress_is_told(world: World) -> None:
    for number in range(3):
        world.commit(f"[e1.{number}] Results")
    sync(world.settings, world.index)
    said: list[tuple[str, int, int]] = []
    read_all(world.settings, world.index, lambda *one: said.append(one))
    assert said == [("results", 3, 3)]
