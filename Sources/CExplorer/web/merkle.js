// SPDX-License-Identifier: Apache-2.0
// The tree of RFC 6962, section 2.1: hashes, proofs, and which nodes a proof is made of.
// Numbers of leaves may pass 2^32, so halves are taken by division and not by shifting.

import { areEqual } from "./bytes.js";
import { sha256 } from "./sha256.js";
import { Tampered } from "./verdict.js";

export const EMPTY_ROOT = sha256();

export function leafHash(leaf) {
    return sha256([0x00], leaf);
}

export function nodeHash(left, right) {
    return sha256([0x01], left, right);
}

const half = (number) => Math.floor(number / 2);
const isOdd = (number) => number % 2 === 1;

/** The largest power of two smaller than `count`, which is at least 2: RFC 6962's k. */
function split(count) {
    let power = 1;
    while (power * 2 < count) power *= 2;
    return power;
}

/** The number of hashes in the proof of a leaf. */
export function inclusionLength(index, size) {
    return inclusionRanges(index, size).length;
}

/**
 * Follows an inclusion proof from a leaf up (RFC 9162, section 2.1.3.2).
 *
 * Each step has the sibling, the side on which it stands, and the node that both make; the last
 * step's node is the root.
 */
export function followInclusion(index, size, leaf, hashes) {
    if (!(index < size)) {
        throw new Tampered(`index ${index} is not below the signed tree's size ${size}`);
    }
    const want = inclusionLength(index, size);
    if (hashes.length !== want) {
        throw new Tampered(
            `the leaf is not in the signed tree at its index: its proof has ${hashes.length} hashes,`
            + ` and ${want} lead to the root`);
    }
    let [node, last, hash] = [index, size - 1, leaf];
    const steps = [];
    for (const sibling of hashes) {
        const isLeft = isOdd(node) || node === last;
        if (isLeft) {
            hash = nodeHash(sibling, hash);
            // A last node that is a left one has no sibling, and stands for its parent.
            while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
        } else {
            hash = nodeHash(hash, sibling);
        }
        steps.push({ sibling, side: isLeft ? "left" : "right", node: hash });
        [node, last] = [half(node), half(last)];
    }
    return { root: hash, steps };
}

/** Checks that a tree of `to` leaves begins with that of `from` (RFC 9162, section 2.1.4.2). */
export function checkConsistency(from, to, oldRoot, newRoot, hashes) {
    const fail = (why) => {
        throw new Tampered(`the newer tree does not begin with the older one: ${why}`);
    };
    if (from > to) fail("it is smaller");
    if (from === to || from === 0) {
        if (from === to && !areEqual(oldRoot, newRoot)) fail("one size has two roots");
        if (hashes.length !== 0) fail("its proof is too long");
        return;
    }
    const path = [...hashes];
    let [node, last] = [from - 1, to - 1];
    while (isOdd(node)) [node, last] = [half(node), half(last)];
    let old = node === 0 ? oldRoot : path.shift();
    if (old === undefined) fail("its proof is too short");
    let next = old;
    for (const hash of path) {
        if (last === 0) fail("its proof is too long");
        if (isOdd(node) || node === last) {
            [old, next] = [nodeHash(hash, old), nodeHash(hash, next)];
            while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
        } else {
            next = nodeHash(next, hash);
        }
        [node, last] = [half(node), half(last)];
    }
    if (last !== 0) fail("its proof is too short");
    if (!areEqual(old, oldRoot)) fail("the proof does not lead to the older root");
    if (!areEqual(next, newRoot)) fail("the proof does not lead to the newer root");
}

/** The ranges of leaves that an inclusion proof has a hash of, from the leaf up. */
export function inclusionRanges(index, size) {
    const ranges = [];
    let [start, end] = [0, size];
    while (end - start > 1) {
        const middle = start + split(end - start);
        if (index < middle) {
            ranges.push([middle, end]);
            end = middle;
        } else {
            ranges.push([start, middle]);
            start = middle;
        }
    }
    return ranges.reverse();
}

/** The ranges of leaves that a consistency proof has a hash of, in its order. */
export function consistencyRanges(from, to) {
    if (from === 0) return [];
    const ranges = [];
    let [start, end] = [0, to];
    while (end !== from) {
        const middle = start + split(end - start);
        if (from <= middle) {
            ranges.push([middle, end]);
            end = middle;
        } else {
            ranges.push([start, middle]);
            start = middle;
        }
    }
    // The old tree's last subtree; if that is the whole old tree, the verifier has its root.
    if (start > 0) ranges.push([start, end]);
    return ranges.reverse();
}

/**
 * The complete subtrees, left to right, that a range of a proof is folded from: `{height, index}`,
 * where the subtree has 2^height leaves and begins at leaf index * 2^height.
 */
export function subtrees([start, end]) {
    const nodes = [];
    for (let at = start; at < end;) {
        let [height, count] = [0, 1];
        while (at % (count * 2) === 0 && at + count * 2 <= end) [height, count] = [height + 1, count * 2];
        nodes.push({ height, index: at / count });
        at += count;
    }
    return nodes;
}

/** The hash of adjacent subtrees, left to right, each the largest that there is room for. */
export function foldSubtrees(hashes) {
    return hashes.reduceRight((right, left) => nodeHash(left, right));
}
