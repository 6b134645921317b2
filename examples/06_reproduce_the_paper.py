"""6. Dropout's paper, reproduced on MNIST: published numbers beside ours, in a table and figures.

    python examples/06_reproduce_the_paper.py                          what there is to run
    python examples/06_reproduce_the_paper.py short --data DIR         minutes
    python examples/06_reproduce_the_paper.py full --data DIR --jobs 2              hours
    python examples/06_reproduce_the_paper.py full --data DIR --only F1 F4          some of it
    python examples/06_reproduce_the_paper.py practice --data DIR      when dropout helps, and when it hurts; minutes

DIR holds MNIST's four IDX files, gzipped or not. Kill it at any time: started again, it goes on where it was, and the
result is the same, bit for bit. The experiments are tables in examples/paper/protocol.py.
"""

import argparse
import os
import sys
from pathlib import Path

from paper.practice import PRACTICE
from paper.protocol import CHOICE, FULL, SHORT
from paper.report import publish, write_report
from paper.runner import rehearsal, run_all

HERE = Path(__file__).resolve().parent
PROTOCOLS = {"short": SHORT, "full": FULL, "practice": PRACTICE, "lr": CHOICE}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0][3:])
    parser.add_argument("protocol", nargs="?", choices=list(PROTOCOLS), help="short: minutes; full: hours; "
                        "practice: when dropout helps, minutes; lr: what the learning rate was chosen by; without it, "
                        "a list of all")
    parser.add_argument("--data", type=Path, default=os.environ.get("MINIGRAD_DATA"),
                        help="folder with MNIST's IDX files (default: the environment's MINIGRAD_DATA)")
    parser.add_argument("--only", nargs="+", metavar="ID", help="these claims only, in this order")
    parser.add_argument("--jobs", type=int, default=1, help="processes, one run and one thread each (default 1); "
                        "0: only write the report of what is finished")
    parser.add_argument("--out", type=Path, default=HERE / "out" / "paper", help="where checkpoints and results go")
    parser.add_argument("--every", type=float, default=20, metavar="SECONDS", help="between checkpoints (default 20)")
    parser.add_argument("--rehearse", type=int, metavar="EPOCHS", help="all runs in miniature, to see that everything "
                        "works; the numbers mean nothing")
    parser.add_argument("--publish", action="store_true", help="copy numbers and figures into examples/paper/results, "
                        "and the tables into the page")
    return parser.parse_args()


def list_claims():
    """Every claim with its price: at 100 GFLOP/s, what a core with AVX-512 does."""
    for name, claims in PROTOCOLS.items():
        print(f"{name}:")
        for claim in claims:
            minutes = sum(run.flops() for run in claim.runs) / 100e9 / 60
            print(f"  {claim.id:4} {claim.what}\n       {len(claim.runs)} runs, about {minutes:.1f} min of one core")


def chosen_claims(claims, ids):
    if not ids:
        return list(claims)
    known = {claim.id: claim for claim in claims}
    unknown = [id for id in ids if id not in known]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: no such claim; there are {', '.join(known)}")
    return [known[id] for id in ids]


def main():
    options = parse_arguments()
    if options.protocol is None:
        list_claims()
        return
    if options.data is None:
        sys.exit("--data DIR, or MINIGRAD_DATA in the environment, must name a folder with MNIST's four IDX files")
    claims = chosen_claims(PROTOCOLS[options.protocol], options.only)
    runs = [run for claim in claims for run in (*claim.extra, *claim.runs)]
    runs = list(dict.fromkeys(rehearsal(run, options.rehearse) if options.rehearse else run for run in runs))
    failed = run_all(runs, options.out, Path(options.data), options.jobs, options.every) if options.jobs else []
    report = write_report(options.protocol, claims, runs, options.out)
    if options.publish:
        publish(report, HERE / "paper")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
