"""A conference is set up from nothing, in the console alone."""

import io
import re

from tests.support.saml_forge import ForgedIdp
from tests.web.console.settings.staff_people import typed

NEW = "/console/implementations/aha27"
AGENDA = b"ID,Title,Start Time,End Time\r\nCE-1,Sepsis,2027-07-15 09:00,2027-07-15 10:00\r\n"


def test_a_conference_is_set_up_in_the_console_alone(administrator):
    http, headers = administrator.http, {"Sec-Fetch-Site": "same-origin"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', http.get("/console/add").text)[1]

    def send(address, data, **more):
        answer = http.post(address, data={"csrf_token": token} | data, headers=headers, **more)
        assert answer.status_code == 303, re.findall(r'class="fault"[^>]*>(.*?)</p>', answer.text)

    send("/console/add", {"called": "AHA 2027", "slug": "aha27", "time_zone": "America/Chicago"})
    metadata = {"csrf_token": token, "file": (io.BytesIO(ForgedIdp("https://idp.aha.example/m").metadata()), "m.xml")}
    kind = "multipart/form-data"
    preview = http.post(f"{NEW}/provider/metadata", data=metadata, headers=headers, content_type=kind)
    send(f"{NEW}/provider/data", typed(preview.text))
    send(f"{NEW}/agenda", {"file": (io.BytesIO(AGENDA), "agenda.csv")}, content_type=kind)
    send(f"{NEW}/agenda/import", typed(http.get(f"{NEW}/agenda/check").text))
    send(f"{NEW}/settings/link-hosts", {"link_hosts": "cme.example.org"})
    send(f"{NEW}/settings", typed(http.get(f"{NEW}/settings").text) | {"fallback_text": "Ask at the CE desk"})
    connection = typed(http.get(f"{NEW}/connections/new").text)
    connection |= {"name": "ethosce", "base_url": "https://cme.example.org", "auth_kind": "bearer", "secret": "s3cret"}
    send(f"{NEW}/connections/new", connection)
    send(f"{NEW}/app", {"app_redirect_uris": "https://app.example/login"})

    assert missing(http) == ["Script", "Address of a session in the app", "Logins"]
    send(
        f"{NEW}/settings",
        typed(http.get(f"{NEW}/settings").text) | {"session_url": "https://app.example/s/{session_id}"},
    )
    assert missing(http) == ["Script", "Logins"]
    overview = http.get(f"{NEW}/").text
    assert "https://idp.aha.example/m" in overview


def missing(http):
    overview = http.get(f"{NEW}/").text
    return re.findall(r">Missing<.*?<(?:a|b)[^>]*>(.*?)</(?:a|b)>", overview, re.DOTALL)
