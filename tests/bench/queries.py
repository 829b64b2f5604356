"""What people search for, and what the program sees of it while they type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

QUERIES = [
    "dropout",
    "encoder",
    "warmup",
    "learning rate",
    "batch size",
    "adam",
    "adamw",
    "baseline dropout",
    "tune encoder",
    "tokenizer head",
    "calibration checkpoint loss",
    "ablation of the attention",
    "pruning quantisation",
    "gradient batch seed",
    "compare backbone",
    "why did the loss explode",
    "val loss",
    "resnet",
    "resnet50",
    "conv2d_3",
    "vit-b/16",
    "lr=0.01",
    "lr=3e-4",
    "weight_decay=1e-5",
    "batch_size=128",
    "layer_norm fp16",
    "C++",
    "cuda:0",
    "train.py --resume",
    "top-1",
    "utf8",
    "naïve",
    "naive",
    "Müller",
    "学習率",
    '"learning rate"',
    '"encoder dropout"',
    '"batch seed" -config',
    "dropout -encoder",
    "adamw OR sgd",
    "dropout OR pruning baseline",
    "e201",
    "e201.1",
    "[e201.2]",
    "201",
    "e9999.3",
    "e77 dropout",
    "Results encoder",
    "Results-",
    "kind:experiment dropout",
    "kind:conclusion baseline",
    "kind:commit fix loader",
    "-kind:commit metric",
    "state:INPROGRESS",
    "state:DONE attention",
    "tag:work optimizer",
    "repo:project3 merge",
    "author:Wei schedule",
    "author:ada after:2021-03 loss",
    "before:2016 embedding head",
    "after:2w model",
    "xyzzy",
]


def typed(every: int, hashes: Sequence[str] = ()) -> Iterator[str]:
    """Yield what is there after each key of every EVERY-eth query, and of HASHES."""
    for query in [*QUERIES[::every], *hashes]:
        for end in range(1, len(query) + 1):
            if query[:end].strip():
                yield query[:end]
