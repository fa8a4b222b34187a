"""`make fuzz`: looks for scripts that the language allows and CPython does not survive.

    names.py      every offered name, from the tables
    values.py     values of every offered type, and odd ones
    hints.py      which arguments lead deep into a name
    author.py     expressions
    scenarios.py  programs: re-entry, change, stale iterators, nesting, anything with anything
    batch.py      many programs as one script
    running.py    runs them in the real sandbox and judges how they end
    shrink.py     the smallest program that still fails
    campaign.py   batch after batch, on each build
    found/        what was found once, kept as tests
    published/    crashes that others have published, translated

A program is known by its seed and number, as in `1:4711`: `--show 1:4711` prints it. Ends with 1 if something was found
that is not of an understood class.
"""

from __future__ import annotations

import argparse
import re
from contextlib import ExitStack
from pathlib import Path

from sandbox.zygote.process import Launch
from tests.attacks.fuzz import batch
from tests.attacks.fuzz.campaign import Campaign, Found, Tally
from tests.attacks.fuzz.names import targets
from tests.attacks.fuzz.running import Build, builds, is_debug
from tests.attacks.fuzz.scenarios import program

FOUND = Path(__file__).parent / "found"


def main() -> int:
    """Run a campaign as the arguments say."""
    options = arguments()
    if options.show:
        print(batch.alone(program(options.show, targets())[0]))
        return 0
    launches = [Launch(executable=path) for path in options.python] if options.python else builds()
    for launch in launches:
        print(f"on {launch.executable}", flush=True)
    if not any(is_debug(launch.executable) for launch in launches):
        print("There is no debug build of CPython here (Debian: apt-get install python3-dbg): less will be noticed.")
    with ExitStack() as stack:
        running = [stack.enter_context(Build(launch)) for launch in launches]
        campaign = Campaign(options.seed, running, lambda found: tell(found, options.keep))
        tally = campaign.run(seconds=options.minutes * 60, programs=options.programs, first=options.first)
    print(table(tally))
    return 1 if tally.unknown else 0


def arguments() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="for all builds together (default 10)")
    parser.add_argument("--programs", type=float, default=float("inf"), help="stop after so many programs")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other programs")
    parser.add_argument("--first", type=int, default=0, help="the batch of the seed to begin with")
    parser.add_argument("--python", action="append", default=[], help="an interpreter; can be given several times")
    parser.add_argument("--keep", type=Path, default=FOUND, help="the folder for programs that fail")
    parser.add_argument("--show", default="", metavar="SEED:NUMBER", help="print one program and stop")
    return parser.parse_args()


def tell(found: Found, folder: Path) -> None:
    """Print a finding, and keep its program as a test."""
    print(
        f"\n{found.after_s:.0f} s, {found.after_programs} programs, {found.executable}, {found.seed}: {found.signature}"
    )
    print(f"    {found.finding.text}\n{found.program}", flush=True)
    if found.known or found.program.startswith("#"):
        return
    file = folder / f"{re.sub('[^a-z0-9]+', '-', found.signature.lower())[:80].strip('-')}.txt"
    if not file.exists():
        head = f"# Found: seed {found.seed}\n# Was: {found.finding.kind}: {shown(found.finding.text)}\n\n"
        file.write_text(head + batch.alone(found.program), encoding="utf-8")


def shown(text: str) -> str:
    """The text of a finding without what differs from run to run."""
    return ascii(re.sub("0x[0-9a-f]+", "0x...", text))[1:-1][:100]


def table(tally: Tally) -> str:
    """What a campaign has done and found, for people."""
    spent = ", ".join(f"{seconds:.0f} s on {executable}" for executable, seconds in tally.used_s.items())
    lines = [f"\n{tally.programs} programs ({tally.refused} refused by the check); {spent}"]
    for name, found in sorted(tally.found.items()):
        state = "understood" if found.known else "OPEN"
        first = f"first after {found.after_s:.0f} s and {found.after_programs} programs ({found.seed})"
        lines.append(f"{state:10} {tally.counts[name]:5} x  {name}: {first}")
    return "\n".join(lines if tally.found else [*lines, "nothing was found"])


if __name__ == "__main__":
    raise SystemExit(main())
