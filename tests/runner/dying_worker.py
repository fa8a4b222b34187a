"""A worker that kills itself at a step of its first run: `python -m tests.runner.dying_worker`, with the step in DYING_AT."""

import os
import signal
import sys

import worker
from runner.queues.thread_worker import ThreadWorker
from runner.runs import run_execution
from runner.runs.draining import drainer, order_taking

#: Step -> whose function it is before or after; the process dies there.
STEPS = {
    "before its job is taken": (ThreadWorker, "execute_job", "before"),
    "before an order is taken": (order_taking.OrderTaker, "take", "before"),
    "after an order was taken": (order_taking.OrderTaker, "take", "after"),
    "in the run": (run_execution.RunExecution, "_execute", "before"),
    "after the run and before the result is stored": (order_taking.OrderTaker, "end_and_take", "before"),
    "after the result was stored and the next order taken": (order_taking.OrderTaker, "end_and_take", "after"),
}


def dying(act, when):
    def die(*given, **named):
        if when == "after":
            act(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return die


if __name__ == "__main__":
    owner, name, when = STEPS[os.environ["DYING_AT"]]
    setattr(owner, name, dying(getattr(owner, name), when))
    assert drainer.OrderTaker is order_taking.OrderTaker
    sys.exit(worker.run_from_environment())
