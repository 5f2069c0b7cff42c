// SPDX-License-Identifier: Apache-2.0
// Tiles (spec/read-api.md): their paths, and the proofs that are built from them.

import {
    consistencyRanges, foldSubtrees, inclusionRanges, nodeHash, subtrees,
} from "./merkle.js";
import { Unverifiable } from "./verdict.js";

const HASHES = 256;

/** The path of a tile; `level` is a number or "entries". */
export function tilePath(level, index, width) {
    const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), "0");
    const groups = digits.match(/.{3}/g);
    const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
    return `tile/${level}/${name}${width < HASHES ? `.p/${width}` : ""}`;
}

/** How many hashes a tile has in a tree of `size` leaves. */
export function tileWidth(level, index, size) {
    const count = Math.floor(size / HASHES ** (level === "entries" ? 0 : level));
    return Math.max(0, Math.min(HASHES, count - index * HASHES));
}

/** The entries of a bundle; null if it is not `width` of them, each after its length. */
export function parseEntries(bytes, width) {
    const entries = [];
    let at = 0;
    while (at + 2 <= bytes.length) {
        const end = at + 2 + bytes[at] * 256 + bytes[at + 1];
        entries.push(bytes.subarray(at + 2, end));
        at = end;
    }
    return at === bytes.length && entries.length === width ? entries : null;
}

/**
 * Reads tiles, each once, and builds proofs from them.
 *
 * Nothing of a tile is believed: a proof that is made of it has to lead to a signed root.
 */
export class TileReader {
    /** `get(path)` resolves to the bytes of a path, or to null where there is none. */
    constructor(get) {
        this.get = get;
        this.kept = new Map();
    }

    /** The bytes of a tile, of which `width` are wanted and `unit` each has. */
    async bytes(level, index, width) {
        const path = tilePath(level, index, width);
        if (!this.kept.has(path)) this.kept.set(path, this.read(level, index, width));
        return this.kept.get(path).catch((error) => {
            this.kept.delete(path);
            throw error;
        });
    }

    async read(level, index, width) {
        const path = tilePath(level, index, width);
        const bytes = await this.get(path);
        if (bytes === null) throw new Unverifiable(`the log does not serve ${path}`);
        return bytes;
    }

    /** The entries of a tile. */
    async entries(index, width) {
        const entries = parseEntries(await this.bytes("entries", index, width), width);
        if (!entries) throw new Unverifiable(`${tilePath("entries", index, width)} is malformed`);
        return entries;
    }

    /** The entry at an index of a tree of `size` leaves. */
    async entry(index, size) {
        const tile = Math.floor(index / HASHES);
        const entries = await this.entries(tile, tileWidth("entries", tile, size));
        return entries[index % HASHES];
    }

    /** The hash of a complete subtree of a tree of `size` leaves, and the path of its tile. */
    async node({ height, index }, size) {
        const level = Math.floor(height / 8);
        const span = 2 ** (height % 8);
        const [tile, first] = [Math.floor(index * span / HASHES), (index * span) % HASHES];
        const width = tileWidth(level, tile, size);
        const bytes = await this.bytes(level, tile, width);
        const path = tilePath(level, tile, width);
        if (bytes.length !== 32 * width) throw new Unverifiable(`${path} is malformed`);
        let row = Array.from({ length: span }, (_, at) => (
            bytes.subarray(32 * (first + at), 32 * (first + at + 1))));
        while (row.length > 1) {
            row = Array.from({ length: row.length / 2 }, (_, at) => (
                nodeHash(row[2 * at], row[2 * at + 1])));
        }
        return { hash: row[0], path };
    }

    /** Hashes of ranges of leaves, each with the paths of the tiles that it comes from. */
    async hashes(ranges, size) {
        return Promise.all(ranges.map(async (range) => {
            const nodes = await Promise.all(subtrees(range).map((node) => this.node(node, size)));
            return {
                hash: foldSubtrees(nodes.map((node) => node.hash)),
                tiles: [...new Set(nodes.map((node) => node.path))],
            };
        }));
    }

    inclusion(index, size) {
        return this.hashes(inclusionRanges(index, size), size);
    }

    consistency(from, to) {
        return this.hashes(consistencyRanges(from, to), to);
    }
}
