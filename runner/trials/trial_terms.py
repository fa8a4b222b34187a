"""The terms of a trial. They are apart from what runs it, because a web server names them and must not be able to start a sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox import RunLimits, ScriptInput

from .trial_input import TrialInput


@dataclass(frozen=True)
class TrialTerms:
    """The terms of a trial: the script's input, the hosts that it may link to, and its budgets."""

    script_input: ScriptInput
    link_hosts: tuple[str, ...] | None = None  #: None: a link may lead to any host
    limits: RunLimits = field(default_factory=RunLimits)
    allow_loopback: bool = False  #: in development, links to this machine are allowed

    @classmethod
    def alone(cls, trial_input: TrialInput) -> TrialTerms:
        """Return the terms of a trial without an implementation. If INPUT has no link hosts, any host is allowed."""
        return cls(trial_input.script_input(), trial_input.link_hosts)
