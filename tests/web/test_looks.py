"""How pages are looked at finds what is planted: each kind of fault, in each scheme and at each size, and all that axe finds without our help."""

import pytest

from tests.support.looks import AXE, PLAIN_AXE, SCHEMES, SIZES, look_at

pytestmark = pytest.mark.browser

#: A page without a fault, with colours in all ways in which they can be written and laid above each other.
PAGE = """<!doctype html><html lang=en><meta name=viewport content="width=device-width"><title>Colours</title>
<style>
  :root { color-scheme: light dark; color: CanvasText; background: Canvas; }
  .hsl { color: hsl(210 100% 90%); background: hsl(0.5turn 80% 10%); }
  .wide { color: oklch(0.95 0.05 200); background: color(display-p3 0.1 0.1 0.3); }
  .mixed { color: rgb(255 255 255 / 0.95); background: rgba(0, 0, 0, 0.9); }
  .faint { opacity: 0.95; }
  .white { background: #fff; }
  .blended { mix-blend-mode: multiply; color: #000; background: #fff; }
  .shadowed { color: #000; background: #fff; text-shadow: 0 0 1px #fff; }
  .stroked { color: #000; background: #fff; -webkit-text-stroke: 0.2em #111; }
  .gradient { background: linear-gradient(#000, #fff); }
  .over { position: relative; top: -0.5em; color: #000; background: rgb(255 255 255 / 90%); }
</style>
<main><h1>Colours</h1>
<p class=hsl>As an angle</p><p class=wide>Of more colours than a screen has</p><p class=mixed>Shining through</p>
<p class=faint>Faint <b class=mixed>twice</b></p><div class=white><p class=blended>Blended</p></div><p class=shadowed>Shadowed</p><p class=stroked>Stroked</p>
<p class=gradient>Above a gradient</p><p class=over>Above another</p><table><tr><th>Name<td>Value</table></main>"""
#: Faults of colours, each as a style of a paragraph and a link in it, and the rule that names it.
COLOURS = {
    "color-contrast": ".planted { color: #777; background: #888; }",
    "link-in-text-block": ".planted { color: #444; background: #fff; } .planted a { color: #555; text-decoration: none; }",
}
PLANTED = '<p class=planted>Words before <a href="#x">a link of words</a> and words after</p>'
#: Faults that are there in every scheme.
ALWAYS = {
    "image-alt": "<img src=data:,>",
    "label": "<input>",
    "button-name": "<button></button>",
    "link-name": "<a href='#y'></a>",
    "list": "<ul><p>No item</p></ul>",
    "aria-allowed-attr": "<p role=heading aria-level=2 aria-checked=true>Checked</p>",
    "heading-order": "<h4>Too deep</h4>",
    "aria-valid-attr-value": "<p role=heading aria-level=2 aria-hidden=perhaps>Hidden</p>",
    "listitem": "<div><li>Without a list</div>",
}
EVERYTHING = "() => axe.run().then(({ passes, violations, incomplete, inapplicable }) => ({ passes, violations, incomplete, inapplicable }))"


@pytest.fixture(params=SIZES)
def page(request, chromium):
    page = chromium.new_page(viewport=SIZES[request.param])
    yield page
    page.close()


def planted(style, where):
    return f"{PAGE}<style>@media {where} {{ {style} }}</style>{PLANTED}"


def width(page):
    return f"(width: {page.viewport_size['width']}px)"


def test_a_page_without_a_fault_passes(page):
    page.set_content(PAGE)
    look_at(page)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("rule", COLOURS)
def test_a_fault_of_colours_in_one_scheme_and_at_one_size_is_found(page, rule, scheme):
    page.set_content(planted(COLOURS[rule], f"{width(page)} and (prefers-color-scheme: {scheme})"))
    with pytest.raises(AssertionError, match=rule):
        look_at(page)


@pytest.mark.parametrize("page", ["wide"], indirect=True)
def test_every_other_fault_is_found_and_named(page):
    page.set_content(PAGE + "".join(ALWAYS.values()))
    with pytest.raises(AssertionError) as found:
        look_at(page)
    assert [rule for rule in ALWAYS if f"{rule}: " not in str(found.value)] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_that_scrolls_sideways_in_one_scheme_is_found(page, scheme):
    page.set_content(planted(".planted { width: 2000px; }", f"(prefers-color-scheme: {scheme})"))
    with pytest.raises(AssertionError):
        look_at(page)


@pytest.mark.parametrize("page", ["wide"], indirect=True)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_the_same_in_the_same_words_with_our_help_and_without(page, scheme):
    page.emulate_media(color_scheme=scheme)
    told = []
    for axe in (PLAIN_AXE, AXE):
        page.goto("about:blank")
        page.set_content(planted(COLOURS["color-contrast"], "all") + "".join(ALWAYS.values()))
        page.evaluate(axe)
        told.append(page.evaluate(EVERYTHING))
    assert told[0] == told[1]
    assert {"color-contrast", *ALWAYS} <= {each["id"] for each in told[1]["violations"]}
