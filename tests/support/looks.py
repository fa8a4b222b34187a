"""How pages are looked at in Chromium: nothing scrolls sideways, and axe finds nothing, in light and in dark."""

from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import widest

#: What axe does again and again in its rule about contrast, done faster. It keeps each member of each colour in a WeakMap of its own,
#: and reads the few colours of a page hundreds of times. `test_looks.py` compares what it finds with and without.
MEMBERS = """class Members {
  key = Symbol();
  has(owner) { return Object.hasOwn(owner, this.key); }
  get(owner) { return Object.hasOwn(owner, this.key) ? owner[this.key] : undefined; }
  set(owner, value) { owner[this.key] = value; return this; }
  add(owner) { return this.set(owner, true); }
  delete(owner) { return this.has(owner) && delete owner[this.key]; }
}"""
READ_ONCE = """{
  const colour = axe.commons.color.Color.prototype, parse = colour.parseString, known = new Map();
  colour.parseString = function (text) {
    if (!known.has(text)) {
      parse.call(this, text);
      known.set(text, [this.r, this.g, this.b, this.alpha]);
    }
    [this.r, this.g, this.b, this.alpha] = known.get(text);
    return this;
  };
}"""
PLAIN_AXE = Axe().axe_script
QUICK_AXE = f"{MEMBERS}; ((WeakMap, WeakSet) => {{ {PLAIN_AXE}\n{READ_ONCE} }})(Members, Members);"
#: A page gets axe when it first asks for it. So all later pages of a context can have it, without its half a megabyte being sent to each.
AXE = f"void Object.defineProperty(window, 'axe', {{ configurable: true, get() {{ delete window.axe; {QUICK_AXE} return window.axe; }} }})"
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
    """What axe finds by these rules, or by all that are usual."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
        page.context.add_init_script(AXE)
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = page.evaluate("(options) => axe.run(options).then(({ violations }) => violations)", options)
    return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]
