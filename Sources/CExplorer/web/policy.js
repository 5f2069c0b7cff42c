// SPDX-License-Identifier: Apache-2.0
// Witness policies (c2sp.org/tlog-policy): whose cosignatures count, and how many are asked for.

import { COSIGNATURE, isSameKey, parseKey } from "./keys.js";
import { Unverifiable } from "./verdict.js";

const MAX_OF_A_KIND = 64;

function refuse(number, why) {
    throw new Unverifiable(`line ${number} of the witness policy: ${why}`);
}

class PolicyReader {
    constructor() {
        this.log = [];
        this.witnesses = new Map();
        this.groups = new Map();
        this.taken = new Set();
        this.quorum = null;
    }

    line(words, number) {
        const [kind, ...rest] = words;
        const readers = { log: this.logLine, witness: this.witness, group: this.group,
            quorum: this.quorumLine };
        if (!Object.hasOwn(readers, kind)) refuse(number, "it begins with none of the known words");
        readers[kind].call(this, rest, number);
    }

    key(text, number) {
        try {
            return parseKey(text ?? "");
        } catch (error) {
            return refuse(number, error.message);
        }
    }

    define(name, count, number) {
        if (name === undefined || name === "none" || this.witnesses.has(name) || this.groups.has(name)) {
            refuse(number, "a name is missing, or defined twice");
        }
        if (count >= MAX_OF_A_KIND) refuse(number, `more than ${MAX_OF_A_KIND} of a kind`);
        return name;
    }

    logLine(words, number) {
        const key = this.key(words[0], number);
        if (words.length > 2 || key.type === COSIGNATURE) refuse(number, "it is no line for a log");
        this.log.push(key);
    }

    witness(words, number) {
        const name = this.define(words[0], this.witnesses.size, number);
        const key = this.key(words[1], number);
        if (words.length > 3 || key.type !== COSIGNATURE) refuse(number, "it is no line for a witness");
        if ([...this.witnesses.values()].some((other) => isSameKey({ ...other, name: key.name }, key))) {
            refuse(number, "two witnesses have one key");
        }
        this.witnesses.set(name, key);
    }

    group(words, number) {
        const name = this.define(words[0], this.groups.size, number);
        const members = words.slice(2);
        const wanted = { all: members.length, any: 1 }[words[1]]
            ?? (/^[1-9][0-9]{0,3}$/.test(words[1] ?? "") ? Number(words[1]) : 0);
        if (wanted < 1 || wanted > members.length) refuse(number, "no group can have as many");
        for (const member of members) {
            const isDefined = this.witnesses.has(member) || this.groups.has(member);
            if (!isDefined || this.taken.has(member)) {
                refuse(number, "a member is not defined before, or is in two groups");
            }
            this.taken.add(member);
        }
        this.groups.set(name, { wanted, members });
    }

    quorumLine([name, ...more], number) {
        if (this.quorum !== null || more.length > 0) refuse(number, "there is one quorum, of one name");
        if (name !== "none" && !this.witnesses.has(name) && !this.groups.has(name)) {
            refuse(number, "the quorum's name is not defined before");
        }
        this.quorum = name;
    }
}

/** Reads a policy; the empty text is no policy, and gives null. */
export function parsePolicy(text) {
    if (text.trim() === "") return null;
    const reader = new PolicyReader();
    text.split("\n").forEach((line, at) => {
        if (/[^\t\u0020-\u007e\u0080-\u{10ffff}]/u.test(line)) refuse(at + 1, "a control character");
        const words = line.split(/[ \t]+/).filter((word) => word !== "");
        if (words.length > 0 && !words[0].startsWith("#")) reader.line(words, at + 1);
    });
    if (reader.quorum === null) throw new Unverifiable("the witness policy names no quorum");
    const isMet = (name, keys) => {
        const group = reader.groups.get(name);
        if (!group) return keys.some((key) => isSameKey(key, reader.witnesses.get(name)));
        return group.members.filter((member) => isMet(member, keys)).length >= group.wanted;
    };
    return {
        log: reader.log,
        witnesses: [...reader.witnesses.values()],
        quorum: reader.quorum,
        isSatisfied: (keys) => reader.quorum === "none" || isMet(reader.quorum, keys),
    };
}
