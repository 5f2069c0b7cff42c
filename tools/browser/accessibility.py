# SPDX-License-Identifier: Apache-2.0
"""Rules of accessibility that a script can check, run in a page. Each finding is one line."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

CHECK = r"""
const findings = [];
const report = (element, what) => findings.push(
    `${what}: <${element.tagName.toLowerCase()}> ${element.outerHTML.slice(0, 120)}`);
const isShown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
const nameOf = (element) => (element.getAttribute("aria-label")
    ?? [...(element.labels ?? [])].map((label) => label.textContent).join(" ")
    ?? "").trim() || (element.getAttribute("aria-labelledby")
    && document.getElementById(element.getAttribute("aria-labelledby"))?.textContent.trim())
    || element.textContent.trim();

if (!document.documentElement.lang) findings.push("the page names no language");
if (document.querySelectorAll("h1").length !== 1) findings.push("there is not one h1");
if (document.querySelectorAll("main").length !== 1) findings.push("there is not one main");
if (document.title.trim() === "") findings.push("the page has no title");

const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => findings.push(`two elements are ${id}`));
for (const name of ["for", "aria-labelledby", "aria-describedby"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
        if (!document.getElementById(element.getAttribute(name))) report(element, `${name} leads nowhere`);
    }
}

let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    if (!isShown(heading)) continue;
    const own = Number(heading.tagName[1]);
    if (own > level + 1) report(heading, `a heading of level ${own} after one of ${level}`);
    level = own;
}

for (const element of document.querySelectorAll(
    "input, textarea, button, a[href], summary, progress, section, [role=img], [role=region]")) {
    if (isShown(element) && !nameOf(element)) report(element, "no name");
}
for (const image of document.querySelectorAll("img, svg")) {
    if (!image.hasAttribute("alt") && !image.hasAttribute("aria-label")
        && image.getAttribute("aria-hidden") !== "true") report(image, "a picture without words");
}
for (const table of document.querySelectorAll("table")) {
    if (!table.caption) report(table, "no caption");
    if (!table.querySelector("th[scope]")) report(table, "no header cells");
}
for (const element of document.querySelectorAll("[tabindex]")) {
    if (element.tabIndex > 0) report(element, "an order of its own for the keyboard");
}
for (const element of document.querySelectorAll("*")) {
    if (isShown(element) && element.scrollWidth > element.clientWidth + 1 && element.tabIndex < 0
        && /auto|scroll/.test(getComputedStyle(element).overflowX) && element !== document.documentElement) {
        report(element, "scrolls, but not by the keyboard");
    }
}
if (document.documentElement.scrollWidth > innerWidth) {
    findings.push(`the page is ${document.documentElement.scrollWidth} wide in ${innerWidth}`);
}

const channels = (color) => color.match(/[\d.]+/g).map(Number);
const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255).map((value) => (
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
        const color = channels(getComputedStyle(at).backgroundColor);
        if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
};
for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText || !isShown(element) || element.closest("noscript")) continue;
    const style = getComputedStyle(element);
    const isDrawn = element.namespaceURI.endsWith("svg");
    const rect = isDrawn ? element.parentElement.querySelector(":scope > rect") : null;
    const ground = rect ? channels(getComputedStyle(rect).fill) : groundOf(element);
    const [a, b] = [channels(isDrawn ? style.fill : style.color), ground].map(luminance);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) report(element, `contrast ${contrast.toFixed(2)}`);
}
return [...new Set(findings)];
"""


def findings(browser):
    """What is wrong with the page as it stands."""
    return browser.run(CHECK)


def reachable(browser, most=200):
    """The elements that the Tab key reaches, as short texts; each must show its focus.

    The first has it from a script, where a browser does not show it."""
    seen, bad = [], []
    browser.run("document.querySelector('a').focus()")
    for _ in range(most):
        at = browser.run("""
            const element = document.activeElement;
            if (!element || element === document.body) return null;
            const style = getComputedStyle(element);
            const number = [...document.querySelectorAll("*")].indexOf(element);
            return [number, element.tagName, element.textContent.trim().slice(0, 30),
                style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0]""")
        if at is None or (seen and at[0] == seen[0][0]):
            break
        seen.append(at)
        if not at[3] and len(seen) > 1:
            bad.append(f"no focus is shown on {at[1]} {at[2]!r}")
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
    return [entry[1:3] for entry in seen], bad
