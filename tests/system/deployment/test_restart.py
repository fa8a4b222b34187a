"""An upgrade: one web server after the other is restarted behind nginx, and nobody's request fails."""

import threading

import pytest

REVOKE = "/api/v1/implementations/demo/auth/revoke"


class Asking(threading.Thread):
    """Somebody who asks again and again until told to stop."""

    def __init__(self, deployed, method, path, body=None):
        super().__init__()
        self.deployed, self.method, self.path, self.body = deployed, method, path, body
        self.headers = deployed.bearer() | ({"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        self.ended = threading.Event()
        self.statuses = []

    def run(self):
        while not self.ended.wait(0.02):  # or the servers that start get no processor
            try:
                answer = self.deployed.proxy.ask(self.path, method=self.method, body=self.body, headers=self.headers)
                self.statuses.append(answer[0])
            except OSError as error:
                self.statuses.append(repr(error))


@pytest.mark.slow
@pytest.mark.timeout(300)  # four starts of a web server
def test_no_request_fails_while_one_web_server_after_the_other_is_restarted(deployed):
    asking = [
        Asking(deployed, "GET", "/widget/demo/sessions/CE-1"),
        Asking(deployed, "POST", REVOKE, "token=unknown"),
    ]
    for one in asking:
        one.start()
    try:
        for port, web in deployed.webs.items():
            assert web.stop() == 0
            web.start().await_answer(port)
    finally:
        for one in asking:
            one.ended.set()
        for one in asking:
            one.join()
    for one in asking:
        assert set(one.statuses) == {200}, {status: one.statuses.count(status) for status in set(one.statuses)}
        assert len(one.statuses) > 20
