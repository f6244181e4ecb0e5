"""Every kind of mail, looked at in a browser: narrow and wide, light and dark.

LOOKS_TO names a folder for pictures of all of them, for a person to look at.
"""
import base64
import email
import email.policy
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import browser
from waitlist import ROOT, Skip, run_tests

WIDTHS = (320, 720, 800)
CONTRAST_MIN = 4.5  # WCAG 2.2, 1.4.3
# What a reader sees of a page. Text stands on the nearest ground that is not transparent.
LOOK = r"""(() => {
  const rgb = c => c.match(/[\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = rgb(c).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                       return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
                          if (rgb(c).length < 4 || rgb(c)[3] > 0) return c; } return 'rgb(255, 255, 255)'; };
  const ratio = e => { const a = light(getComputedStyle(e).color), b = light(ground(e)); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); };
  const seen = e => { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0 && r.right > 0; };
  const texts = []; const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (walk.currentNode.data.trim() && seen(walk.currentNode.parentElement)) texts.push(walk.currentNode.parentElement);
  return {
    wide: document.documentElement.scrollWidth, inner: innerWidth,
    contrast: Math.min(...texts.map(ratio)), ground: light(ground(document.querySelector('.page'))),
    small: Math.min(...texts.map(e => parseFloat(getComputedStyle(e).fontSize))),
    outside: texts.filter(e => e.getBoundingClientRect().right > innerWidth + 1).length,
    clipped: [...document.querySelectorAll('td')].filter(e => e.scrollWidth > e.clientWidth + 1).length,
    pictures: [...document.images].map(i => [i.naturalWidth, i.getBoundingClientRect().width, i.alt.length]),
    headings: [...document.querySelectorAll('h1,h2,h3')].map(e => e.tagName),
    foreign: document.querySelectorAll('script,link,iframe,object,form,[onload],[onclick]').length,
    language: document.documentElement.lang, title: document.title,
    unlabelled: innerWidth >= 720 ? 0 : [...document.querySelectorAll('td')].filter(e => seen(e) && getComputedStyle(e, ':before').content.length < 5).length,
    headers: [...document.querySelectorAll('th')].filter(seen).length, columns: document.querySelectorAll('th').length,
  }; })()"""


def mails(build):
    """{kind: HTML with its picture in it} of all kinds that have HTML."""
    pages = {}
    with tempfile.TemporaryDirectory() as folder:
        r = subprocess.run([os.path.join(build, "tests/unit/notify/test_golden")], cwd=ROOT,
                           env={**os.environ, "GOLDEN_TO": folder, "CK_FORK": "no"}, capture_output=True, text=True)
        assert r.returncode == 0, r.stdout + r.stderr
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as f:
                m = email.message_from_binary_file(f, policy=email.policy.default)
            parts = {p.get_content_type(): p for p in m.walk()}
            if "text/html" not in parts:
                continue
            html = parts["text/html"].get_content()
            if "image/png" in parts:
                assert list(parts) == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
                picture = parts["image/png"]
                cid = picture["Content-ID"].strip("<>")
                assert f"cid:{cid}" in html, name
                data = base64.b64encode(picture.get_content()).decode()
                assert len(data) < 40 * 1024, (name, len(data))
                html = html.replace(f"cid:{cid}", f"data:image/png;base64,{data}")
            assert "cid:" not in html and "http" not in html, name
            pages[name[:-4]] = html
    return pages


def check(kind, look, width, dark):
    why = (kind, width, "dark" if dark else "light", look)
    assert look["inner"] == width and look["wide"] <= width and not look["outside"], why
    assert look["contrast"] >= CONTRAST_MIN, why
    assert look["ground"] < 0.05 if dark else look["ground"] > 0.9, why
    assert look["small"] >= 14 and not look["clipped"] and not look["foreign"], why
    assert look["headings"] and look["headings"][0] == "H1" and look["headings"].count("H1") == 1, why
    assert look["language"] == "en-GB" and look["title"], why
    assert all(natural and shown <= width and alt for natural, shown, alt in look["pictures"]), why
    if width < 720:  # each cell says what it is
        assert not look["unlabelled"] and not look["headers"], why
    else:
        assert look["headers"] == look["columns"], why


def test_every_mail_is_read_narrow_and_wide_in_light_and_dark(build):
    if not browser.program():
        raise Skip("no chromium")
    pages, to = mails(build), os.environ.get("LOOKS_TO")
    assert len(pages) > 20 and sum("<img" in p for p in pages.values()) > 5
    with browser.Browser() as b:
        for kind, html in pages.items():
            b.load(html)
            for width in WIDTHS:
                for dark in (False, True):
                    b.view(width, dark)
                    look = b.run(LOOK)
                    if to:
                        os.makedirs(to, exist_ok=True)
                        b.screenshot(os.path.join(to, f"{kind}-{width}-{'dark' if dark else 'light'}.png"))
                    check(kind, look, width, dark)


def test_a_page_that_is_too_wide_or_too_pale_would_be_seen(build):
    if not browser.program():
        raise Skip("no chromium")
    page = next(iter(mails(build).values()))
    worse = {"wide": page.replace("<body>", "<body><p style='width:900px'>x</p>"),
             "contrast": page.replace("<h1 style=\"", "<h1 style=\"color:#999999;"),
             "dark": page.replace("prefers-color-scheme:dark", "prefers-color-scheme:none")}
    with browser.Browser() as b:
        for what, html in worse.items():
            assert html != page, what
            b.load(html)
            b.view(320, what == "dark")
            look = b.run(LOOK)
            try:
                check(what, look, 320, what == "dark")
            except AssertionError:
                continue
            raise AssertionError(f"not seen: {what} {look}")


if __name__ == "__main__":
    run_tests(globals())
