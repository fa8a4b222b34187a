"""The pages of the development identity provider pass the checker of HTML."""

from tests.web.devidp.sender import log_in


def test_no_page_of_it_has_a_fault_in_its_html(http, demo, checker):
    question = f"/sso?{demo.query(demo.login_request())}"
    pages = {
        "nobody is logged in": http.get("/"),
        "who do you want to be": http.get(question),
        "again, to be sure": http.get(f"/sso?{demo.query(demo.login_request(ForceAuthn='true'))}"),
        "back to the implementation": log_in(http, demo),
        "somebody is logged in": http.get("/"),
        "nobody wanted to be anybody": http.post(question, data={"nobody": "yes"}),
        "a refused message": http.get("/sso?SAMLRequest=x"),
    }
    assert "Switch person" in pages["back to the implementation"].text
    assert checker({name: answer.text for name, answer in pages.items()}) == []
