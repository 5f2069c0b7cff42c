// SPDX-License-Identifier: Apache-2.0
// The log's growth over time, from the times in leaves: of all of them in a small log, and else of
// the first leaf in some of the entry bundles, 122 bytes each.

import { clockText, grouped, h, svg, table } from "./dom.js";
import { timeText } from "./bytes.js";
import { decodeLeaf } from "./record.js";
import { tileWidth } from "./tiles.js";

const BUNDLE = 256;
const FEW_BUNDLES = 4;
const SAMPLES = 48;
const SHORTEST_MS = 10_000;
const [WIDTH, HEIGHT] = [640, 200];
const EDGE = { left: 56, right: 14, top: 12, bottom: 28 };

/** Points `{time, count}`: by that time the log had that many entries. */
export async function sampleGrowth(tiles, size) {
    if (size === 0) return [];
    const bundles = Math.ceil(size / BUNDLE);
    const isSmall = bundles <= FEW_BUNDLES;
    const count = isSmall ? bundles : Math.min(SAMPLES, bundles);
    const indexes = Array.from({ length: count }, (_, at) => (
        Math.floor(at * bundles / count)));
    const samples = await Promise.all(indexes.map(async (index) => {
        const width = isSmall ? tileWidth("entries", index, size) : 1;
        const entries = await tiles.entries(index, width);
        return entries.map((entry, at) => ({ index: index * BUNDLE + at, leaf: decodeLeaf(entry) }));
    }));
    const last = { index: size - 1, leaf: decodeLeaf(await tiles.entry(size - 1, size)) };
    const points = [...samples.flat(), last].filter(({ leaf }) => leaf)
        .map(({ index, leaf }) => ({ time: leaf.timestampMS, count: index + 1 }));
    return points.filter((point, at) => at === 0 || point.count > points[at - 1].count);
}

/** A round number of at least `most`, in four parts that are round too. */
function ceiling(most) {
    const unit = 10 ** Math.floor(Math.log10(Math.max(4, most)));
    return [1, 2, 4, 6, 8, 10, 20].map((step) => step * unit)
        .find((value) => value >= most && value % 4 === 0) ?? most;
}

function tickText(time, span) {
    const text = timeText(time);
    if (span > 3 * 86_400_000) return text.slice(0, 10);
    return span > 120_000 ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(11, 19);
}

/** The plot of points, and the same as a table. */
export function growthFigure(points) {
    if (points.length === 0) return h("p", {}, "The log has no entries yet.");
    const [first, last] = [points[0].time, points.at(-1).time];
    const span = Math.max(SHORTEST_MS, last - first);
    const top = ceiling(points.at(-1).count);
    const x = (time) => EDGE.left + (WIDTH - EDGE.left - EDGE.right) * (time - first) / span;
    const y = (count) => HEIGHT - EDGE.bottom - (HEIGHT - EDGE.top - EDGE.bottom) * count / top;
    const steps = points.map(({ time, count }, at) => (
        at === 0 ? `M${x(time)} ${y(count)}` : `H${x(time)}V${y(count)}`))
        .concat(`H${x(first + span)}`).join("");
    const rows = [0, 0.5, 1].map((part) => [
        svg("path", { class: "grid", d: `M${EDGE.left} ${y(part * top)}H${WIDTH - EDGE.right}` }),
        svg("text", { x: EDGE.left - 8, y: y(part * top) + 4, "text-anchor": "end" },
            grouped(part * top))]);
    const columns = [0, 0.5, 1].map((part, at) => (
        svg("text", { x: x(first + part * span), y: HEIGHT - 8,
            "text-anchor": ["start", "middle", "end"][at] }, tickText(first + part * span, span))));
    const summary = `${grouped(points.at(-1).count)} entries between ${clockText(first)} and`
        + ` ${clockText(last)}.`;
    return h("figure", { class: "growth" },
        svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary },
            rows, columns,
            svg("path", { class: "area", d: `${steps}V${y(0)}H${x(first)}Z` }),
            svg("path", { class: "curve", d: steps })),
        h("figcaption", {}, summary, " Times are those in the leaves."));
}

/** The points as a table, some twenty of them. */
export function growthTable(points) {
    const every = Math.max(1, Math.ceil(points.length / 20));
    const rows = points.filter((_, at) => at % every === 0 || at === points.length - 1);
    return table("Growth over time", ["Time", "Entries"], rows.map(({ time, count }) => [
        clockText(time), grouped(count)]));
}
