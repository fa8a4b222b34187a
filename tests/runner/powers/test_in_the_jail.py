"""The powers behind the real wall: a script in the jail, a vendor on a socket."""

from runner.powers import Bearer
from sandbox import JailConfig, OutcomeKind, Sandbox, ScriptInput
from tests.support.vendors import reply

SCRIPT = """
def status(user, session, api):
    answer = api.get("cme", "/api/credits?year=2026", params={"user": user.id})
    for path in ["/admin", "/api/../admin", "/api/%2e%2e/admin"]:
        try:
            api.get("cme", path)
        except ApiError as error:
            api.log(error.kind)
    api.log(answer.text)
    return message("Credit claimed" if answer.json()["list"] else "Claim credit")
"""


def test_a_script_gets_its_answer_and_neither_the_secret_nor_another_path(client, start_vendor, names):
    names["vendor.test"] = ["127.0.0.1"]
    vendor = start_vendor(
        lambda request: reply({"list": [1], "echo": request.headers["authorization"]}), tls="vendor.test"
    )
    connection = client.connect(vendor, auth=Bearer("t0ken-12345"), path_prefixes=("/api",))
    powers = client.vendors.powers({"cme": connection})
    given = ScriptInput({"id": "u 1"}, {"id": "s1"}, {}, "2026-11-23T10:00:00+00:00")
    with Sandbox(config=JailConfig(allow_weak=True)) as box:
        outcome = box.run(box.check(SCRIPT).code, given, powers=powers)
    assert outcome.kind is OutcomeKind.RETURNED, outcome.error
    assert outcome.value["text"] == "Credit claimed"
    assert outcome.log == ("refused", "refused", "refused", '{"list": [1], "echo": "Bearer [redacted]"}')
    assert [request.target for request in vendor.requests] == ["/api/credits?year=2026&user=u%201"]
    assert [record.fault for record in powers.calls] == [None, "refused", "refused", "refused"]
