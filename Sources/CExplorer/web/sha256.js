// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4). The browser has one too, but only on pages that came by HTTPS or from this
// machine, and only by promises, which thousands of short hashes would drown in.

/** The first 32 bits of the fractional parts of roots of the first primes. */
function fractions(count, root) {
    const found = [];
    for (let candidate = 2; found.length < count; candidate += 1) {
        let isPrime = true;
        for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) {
            if (candidate % divisor === 0) isPrime = false;
        }
        if (isPrime) found.push(fraction(candidate, root));
    }
    return found;
}

/** floor(2^32 * n^(1/root)) mod 2^32, by whole numbers: no rounding of a double can touch it. */
function fraction(n, root) {
    const power = BigInt(root);
    const target = BigInt(n) << (32n * power);
    let low = 0n;
    let high = 1n << 37n;
    while (high - low > 1n) {
        const middle = (low + high) >> 1n;
        if (middle ** power <= target) low = middle; else high = middle;
    }
    return Number(low & 0xffffffffn);
}

const ROUND_CONSTANTS = Uint32Array.from(fractions(64, 3));
const INITIAL_STATE = Uint32Array.from(fractions(8, 2));

/** The message schedule of the block at hand. */
const schedule = new Uint32Array(64);

const rotated = (word, count) => (word >>> count) | (word << (32 - count));

/** Mixes one block of 64 bytes into the state. */
function compress(state, view, offset) {
    for (let t = 0; t < 16; t += 1) schedule[t] = view.getUint32(offset + 4 * t);
    for (let t = 16; t < 64; t += 1) {
        const [before, older] = [schedule[t - 2], schedule[t - 15]];
        const s1 = rotated(before, 17) ^ rotated(before, 19) ^ (before >>> 10);
        const s0 = rotated(older, 7) ^ rotated(older, 18) ^ (older >>> 3);
        schedule[t] = s1 + schedule[t - 7] + s0 + schedule[t - 16];
    }
    let a = state[0], b = state[1], c = state[2], d = state[3];
    let e = state[4], f = state[5], g = state[6], h = state[7];
    for (let t = 0; t < 64; t += 1) {
        const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
        const first = (h + s1 + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[t] + schedule[t]) | 0;
        const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
        const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g, g = f, f = e, e = (d + first) | 0;
        d = c, c = b, b = a, a = (first + second) | 0;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

/** The SHA-256 of bytes, given in one or more parts. */
export function sha256(...parts) {
    const count = parts.reduce((sum, part) => sum + part.length, 0);
    const padded = new Uint8Array(Math.ceil((count + 9) / 64) * 64);
    let at = 0;
    for (const part of parts) {
        padded.set(part, at);
        at += part.length;
    }
    padded[count] = 0x80;
    const view = new DataView(padded.buffer);
    view.setBigUint64(padded.length - 8, BigInt(count) * 8n);
    const state = INITIAL_STATE.slice();
    for (let offset = 0; offset < padded.length; offset += 64) compress(state, view, offset);
    const digest = new DataView(new ArrayBuffer(32));
    state.forEach((word, place) => digest.setUint32(4 * place, word));
    return new Uint8Array(digest.buffer);
}
