"""What a warm worker has in place of `subprocess` where it starts its jobs: each is forked from a server, and imports nothing again."""

import os
import subprocess
from contextlib import suppress

from tests.support.warm_process import WarmProcess, ask_for


class PipedProcess(WarmProcess):
    """A job: a process with pipes for its input and output."""

    def __init__(self, pipe, stdin, stdout):
        super().__init__(pipe)
        self.stdin, self.stdout = stdin, stdout

    def communicate(self):
        """Close its input, and return all that it still writes."""
        with suppress(BrokenPipeError):
            self.stdin.close()
        with self.stdout:
            output = self.stdout.read()
        self.wait()
        return output, None


class JobStarter:
    """Starts jobs by asking the server at the other end of a socket."""

    PIPE = subprocess.PIPE

    def __init__(self, server):
        self._server = server

    def Popen(self, command, *, stdin, stdout, start_new_session):  # noqa: N802 - as in `subprocess`
        """Do what `subprocess` does with `python -P -m MODULE`."""
        *_, option, module = command
        assert (option, stdin, stdout) == ("-m", self.PIPE, self.PIPE), command
        (its_input, to_it), (from_it, its_output) = os.pipe(), os.pipe()
        files = [its_input, its_output, 2]
        told = ask_for(self._server, module, [], os.environ, files, new_session=start_new_session)
        os.close(its_input)
        os.close(its_output)
        return PipedProcess(told, os.fdopen(to_it, "wb"), os.fdopen(from_it, "rb"))
