"""The tables of the pages are those of the committed results, which are results of the protocol as it is."""

import json
from pathlib import Path

import pytest
from paper.practice import PRACTICE
from paper.protocol import CHOICE, FULL, LEARNING_RATES, SHORT
from paper.report import body
from paper.training import specification

PAPER = Path(__file__).resolve().parents[2] / "examples" / "paper"
PAGES = {"lr": (CHOICE, "README.md"), "short": (SHORT, "README.md"), "full": (FULL, "README.md"),
         "practice": (PRACTICE, "PRACTICE.md")}


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_the_committed_results(name):
    claims, page = PAGES[name]
    results = json.loads((PAPER / "results" / name / "results.json").read_text())
    runs = list(dict.fromkeys(run for claim in claims for run in (*claim.extra, *claim.runs)))
    assert set(results) <= {run.name for run in runs}
    for run in runs:
        assert results.get(run.name, {}).get("run", specification(run)) == specification(run)
    text = (PAPER / page).read_text(encoding="utf-8")
    assert body(claims, runs, results) in text


def test_learning_rate_is_the_one_that_was_chosen():
    results = json.loads((PAPER / "results" / "lr" / "results.json").read_text())
    best = min(LEARNING_RATES, key=lambda run: results[run.name]["test_error"])
    assert best.lr == FULL[1].runs[0].lr
    assert all(results[run.name]["run"] == specification(run) for run in LEARNING_RATES)
