"""Watch live: says when the stream starts, opens it while it runs, and offers the recording afterwards.

No connection: the agenda has everything.
Session     attributes "stream_url" and, once it exists, "recording_url"
Settings    time_zone, for example America/Chicago
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

RED = "#B20000"
BLUE = "#005D8A"

OPENS_BEFORE_START = timedelta(minutes=10)
RECORDING_EXPECTED_WITHIN = timedelta(hours=24)


def status(user, session, api):
    stream = session.attributes.get("stream_url")
    recording = session.attributes.get("recording_url")
    if not stream:
        return hidden()

    now = api.now()
    if now < session.starts_at - OPENS_BEFORE_START:
        return message(f"Live at {local_time(session.starts_at, now, api)}")
    if now < session.ends_at:
        return message("Watch live", link=stream, color=RED)
    if recording:
        return message("Watch the recording", link=recording, color=BLUE)
    if now < session.ends_at + RECORDING_EXPECTED_WITHIN:
        return message("Recording available soon")
    return hidden()


def local_time(moment, now, api):
    """The local time of the event: "14:00", or "Tue 14:00" if it is not today."""
    zone = ZoneInfo(api.settings["time_zone"])
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return local.strftime("%H:%M")
    return local.strftime("%a %H:%M")
