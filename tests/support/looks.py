"""How pages are looked at in Chromium: nothing scrolls sideways, and axe finds nothing, in light and in dark."""

from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import widest

AXE = Axe()
SIZES = {"phone": {"width": 390, "height": 844}, "wide": {"width": 1280, "height": 900}}
SCHEMES = ("light", "dark")
#: The rules of axe about colours, which alone are different in another scheme.
COLOURS = ("color-contrast", "link-in-text-block")


def look_at(page, picture=None, *, schemes=SCHEMES):
    """Look at the page as it is now, at its size. The first scheme is looked at in every way, the other ones for their colours.

    `picture` is a path without its ending: a picture of each scheme is kept there, for people to look at.
    """
    page.wait_for_load_state()
    found = []
    for scheme in reversed(schemes):  # so that the page goes on in the first one
        page.emulate_media(color_scheme=scheme)
        if picture:
            page.screenshot(path=f"{picture}-{scheme}.png", full_page=True)
        assert widest(page) <= page.viewport_size["width"], page.url
        found += violations(page, *(() if scheme == schemes[0] else COLOURS))
    assert found == [], f"{page.url}: {found}"


def violations(page, *rules):
    """What axe finds by these rules, or by all that are usual. A page is given axe once."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.axe_script)
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = page.evaluate("(options) => axe.run(options).then(({ violations }) => violations)", options)
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]
