// SPDX-License-Identifier: Apache-2.0
// Reads from the server that this page came from, and from nowhere else.

import { TileReader } from "./tiles.js";

const TIMEOUT_MS = 20_000;
const KEPT_TILES = 500;

/** The folder that the page lies in: a log may be served below a path. */
export const BASE = new URL(".", document.baseURI);

async function answer(path, headers = {}) {
    const response = await fetch(new URL(path, BASE), {
        headers, credentials: "omit", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok || response.status === 404) return response;
    throw new Error(await problemText(response));
}

/** What a refusal says, in words. */
export async function problemText(response) {
    let detail = "";
    try {
        detail = (await response.json()).detail ?? "";
    } catch {
        // Something between here and the server answered, in another form.
    }
    return `the server answered ${response.status}${detail ? `: ${detail}` : ""}`;
}

export async function getBytes(path) {
    const response = await answer(path);
    return response.status === 404 ? null : new Uint8Array(await response.arrayBuffer());
}

export async function getText(path) {
    const response = await answer(path);
    if (response.status === 404) throw new Error(`the server has no ${path}`);
    return response.text();
}

export async function getJSON(path) {
    return JSON.parse(await getText(path));
}

/** An answer that a token is needed for. */
export function getWithToken(path, token, accept) {
    return answer(path, { Authorization: `Bearer ${token}`, Accept: accept });
}

/** The log's tiles; what was read long ago is forgotten. */
export function logTiles() {
    const tiles = new TileReader(async (path) => {
        if (tiles.kept.size > KEPT_TILES) tiles.kept.clear();
        return getBytes(path);
    });
    return tiles;
}
