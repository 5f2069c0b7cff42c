// SPDX-License-Identifier: Apache-2.0
// The way from a leaf to the root: a picture for the eye, and the same as a list for everyone.

import { base64, hex } from "./bytes.js";
import { code, folded, h, svg } from "./dom.js";

const [WIDTH, BOX, HEIGHT, PITCH] = [360, 168, 30, 56];
const SHORT_HEX = 14;

const short = (hash) => `${hex(hash).slice(0, SHORT_HEX)}\u2026`;

function box(x, y, text, kind) {
    return svg("g", { class: kind },
        svg("rect", { x, y, width: BOX, height: HEIGHT, rx: 4 }),
        svg("text", { x: x + BOX / 2, y: y + HEIGHT / 2 + 4, "text-anchor": "middle" }, text));
}

function line(fromX, fromY, toX, toY, kind) {
    const middle = (fromY + toY) / 2;
    return svg("path", {
        class: kind, d: `M${fromX} ${fromY}C${fromX} ${middle} ${toX} ${middle} ${toX} ${toY}` });
}

/** The picture: the root above, the leaf below, on each level the node of the path and its sibling. */
export function pathPicture({ index, size, leaf, steps }) {
    const height = PITCH * (steps.length + 1) - PITCH + HEIGHT + 4;
    const [left, right] = [2, WIDTH - BOX - 2];
    const rowY = (level) => 2 + PITCH * (steps.length - level);
    const nodeX = (level) => {
        if (level === steps.length) return (WIDTH - BOX) / 2;
        return steps[level].side === "left" ? right : left;
    };
    const parts = [];
    steps.forEach((step, level) => {
        const [own, other] = [nodeX(level), nodeX(level) === left ? right : left];
        const [toX, toY] = [nodeX(level + 1) + BOX / 2, rowY(level + 1) + HEIGHT];
        parts.push(
            line(other + BOX / 2, rowY(level), toX, toY, "sibling"),
            line(own + BOX / 2, rowY(level), toX, toY, "path"));
    });
    [leaf, ...steps.map(({ node }) => node)].forEach((hash, level) => {
        const name = level === steps.length ? "root " : level === 0 ? "leaf " : "";
        parts.push(box(nodeX(level), rowY(level), name + short(hash), "path"));
        if (level < steps.length) {
            const other = nodeX(level) === left ? right : left;
            parts.push(box(other, rowY(level), short(steps[level].sibling), "sibling"));
        }
    });
    return svg("svg", {
        class: "tree", viewBox: `0 0 ${WIDTH} ${height}`, role: "img",
        "aria-label": `Leaf ${index} of ${size} reaches the root over ${steps.length} levels.`
            + " The list of hashes below says the same.",
    }, parts);
}

/** The same as a list, with whole hashes and the tiles that they are from. */
export function pathList({ leaf, steps, tiles = [] }) {
    const items = steps.map((step, level) => h("li", {},
        h("p", {}, `The sibling on the ${step.side}`,
            tiles[level] ? [", from ", code(tiles[level].join(", "))] : "", ":"),
        code(hex(step.sibling)),
        h("p", {}, level === steps.length - 1
            ? "Together they make the root, which the checkpoint has in base64 as "
            : "Together they make", level === steps.length - 1 ? code(base64(step.node)) : "", ":"),
        code(hex(step.node))));
    return h("div", { class: "path-list" }, h("p", {}, "Leaf hash:"), code(hex(leaf)), h("ol", {}, items));
}

/** Picture and list of a proven leaf. */
export function pathFigure(path) {
    return h("figure", { class: "path" }, pathPicture(path),
        h("figcaption", {},
            h("p", {}, "Each pair hashes to the node above it. Filled: made here, from the leaf up."
                + " Outlined: what the proof gives."),
            folded("All hashes as a list", () => pathList(path))));
}
