"""What tests of explanations share: a newer run, what is explained of somebody, and the command line in this process."""

from click.testing import CliRunner

from records.agenda import sessions
from records.people import users
from records.tenants import implementations
from runner.explanations.status_explanation import explain
from runner.status.service import StatusRequest
from tests.support.eventually import eventually
from web.cli import main
from web.time_format import TimeFormatter

ANN = StatusRequest("acme", "ann", "s1")


def grow_old(house):
    """Let ann's answer be no longer fresh."""
    house.redis.hset(house.service._resolve(ANN).key, mapping={"fresh": 0})


def run_again(house, work_off):
    """Run again, as if the status was asked for and the answer was no longer fresh."""
    before = len(house.runs())
    grow_old(house)
    house.service.ask(ANN)
    work_off()
    assert eventually(lambda: len(house.runs()) == before + 1, seconds=5)


def explained(house, asker=ANN):
    """What support is told of somebody."""
    with house.database.reading() as db:
        owner = implementations.find_any(db, asker.implementation)
        user, session = users.find(db, owner, asker.user), sessions.find_any(db, owner, asker.session)
        return explain(db, owner, user, session, lambda: house.service.look(asker))


def why(house, asker=ANN):
    """The reason, in UTC."""
    return TimeFormatter().joined(explained(house, asker).why)


def command(house, *arguments):
    """The command line in this process, on the house's records and store."""
    result = CliRunner().invoke(main, [str(one) for one in arguments], env=house.env)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
