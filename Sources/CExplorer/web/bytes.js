// SPDX-License-Identifier: Apache-2.0
// Bytes, and the texts that carry them. A decoder accepts only what the encoder writes.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text) {
    return encoder.encode(text);
}

/** The text of UTF-8 bytes; null for anything else. */
export function utf8Text(bytes) {
    try {
        return decoder.decode(bytes);
    } catch {
        return null;
    }
}

export function joined(...parts) {
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
    }
    return bytes;
}

export function areEqual(left, right) {
    return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

/** A whole number as `count` bytes, the most significant first. */
export function bigEndian(value, count) {
    const bytes = new Uint8Array(count);
    let rest = BigInt(value);
    for (let at = count - 1; at >= 0; at -= 1) {
        bytes[at] = Number(rest & 255n);
        rest >>= 8n;
    }
    return bytes;
}

/** The whole number in bytes, as a BigInt. */
export function bigInteger(bytes) {
    return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `count` bytes of lower-case hex; null for anything else. */
export function unhex(text, count) {
    if (typeof text !== "string" || text.length !== 2 * count || !/^[0-9a-f]*$/.test(text)) {
        return null;
    }
    return Uint8Array.from({ length: count }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

export function base64(bytes) {
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return btoa(binary);
}

/** Base64 with padding that encodes back to itself; null for anything else. */
export function unbase64(text, count = null) {
    if (typeof text !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
    let binary;
    try {
        binary = atob(text);
    } catch {
        return null;
    }
    const bytes = Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
    return base64(bytes) === text && (count ?? bytes.length) === bytes.length ? bytes : null;
}

export function base64url(bytes) {
    return base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Base64url without padding that encodes back to itself; null for anything else. */
export function unbase64url(text) {
    if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
    const padded = text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - text.length % 4) % 4);
    return unbase64(padded);
}

/** A decimal without sign and leading zeros, up to 2^53 - 1; null for anything else. */
export function decimal(text) {
    if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return null;
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : null;
}

/** Milliseconds since 1970 as a time in UTC. */
export function timeText(ms) {
    const date = new Date(ms);
    return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
