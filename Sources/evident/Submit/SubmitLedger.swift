// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// How far a file of records has been submitted, and under which keys: what makes `evident submit`
/// go on after a failure without a duplicate.
///
/// A line is an event by its number and its text, so its key is HMAC(salt, u64(line number) ‖
/// line), lines counted from 1: equal lines are two events, and a line that was changed is a new
/// one. Lines that travel together have one key in common, HMAC(salt, u64(number of the first of
/// them)), of which the server makes `key#n` for line n of the unit, n from 0. That says nothing of
/// the line's text, and depends on where the unit began; so
/// - ``begun`` says, durably, what is about to be sent, before it is: after a failure those lines
///   go singly, each under the key that it had, however units are cut then;
/// - a line that meets another text under its unit's key was changed since, and is sent under its
///   own.
struct SubmitLedger: Equatable {
    /// Lines whose answers are not written down yet.
    struct Begun: Equatable {
        /// The first line of the unit that they travel in; nil where each has a key of its own.
        var unit: UInt64?
        /// The last of them; the first is the one after `done`.
        var last: UInt64
    }

    /// 32 random bytes.
    ///
    /// Without them nobody can tell from a key which line it stands for.
    let salt: Digest
    /// The verifier key of the log that the lines go to; it is never changed afterwards.
    let vkey: String
    /// Lines 1...done have been answered.
    var done: UInt64 = 0
    /// Those among them that the log refused, each with the unit that it travelled in (0: none):
    /// they are tried again, singly.
    var refused: [UInt64: UInt64] = [:]
    /// The exclusive or of a MAC of each accepted line, to notice that the file is another one.
    var digest = Digest.zero
    /// What a run that has not ended may have sent; nil after one that has.
    var begun: Begun?

    init(salt: Digest, vkey: String) {
        self.salt = salt
        self.vkey = vkey
    }

    /// Makes keys and folds lines; holds the salt as a key.
    struct Keys {
        private let mac: HMACSHA256

        init(_ ledger: SubmitLedger) {
            mac = HMACSHA256(key: SecretBytes(copying: ledger.salt.bytes))
        }

        /// The key of line `number`.
        func key(ofLine number: UInt64, _ line: [UInt8]) -> Digest {
            var message: [UInt8] = []
            message.reserveCapacity(8 + line.count)
            message.appendBigEndian(number)
            message += line
            return mac.code(for: message)
        }

        /// The key of the unit that begins with line `number`.
        func key(ofUnit number: UInt64) -> Digest { key(ofLine: number, []) }

        /// The key that line `number` has if it is sent by itself: the one that it had in the unit
        /// which began with line `unit`, or, without one, its own.
        func key(ofLine number: UInt64, _ line: [UInt8], in unit: UInt64?) -> String {
            guard let unit else { return key(ofLine: number, line).hex }
            return "\(key(ofUnit: unit).hex)#\(number - unit)"
        }

        /// The digest of accepted lines with one more.
        ///
        /// Their order does not matter, so that a line which is accepted at the second attempt
        /// finds its place.
        func fold(_ digest: Digest, line number: UInt64, _ line: [UInt8]) -> Digest {
            let mark = mac.code(for: key(ofLine: number, line).bytes)
            let folded = zip(digest.bytes, mark.bytes).map { $0 ^ $1 }
            return Digest(folded) ?? digest
        }
    }

    // MARK: The file

    /// The state file's text.
    var json: [UInt8] {
        let refused = refused.sorted { $0.key < $1.key }
        let value: JSONValue = [
            "evident_submit": 1, "salt": .string(salt.hex), "vkey": .string(vkey),
            "done": .integer(done), "digest": .string(digest.hex),
            "refused": .array(refused.map { .array([.integer($0.key), .integer($0.value)]) }),
            "begun": .array(
                begun.map { [.integer($0.unit ?? 0), .integer($0.last)] } ?? []),
        ]
        return value.canonical + [UInt8(ascii: "\n")]
    }

    /// Reads a state file; nil if it is not one.
    init?(json: [UInt8]) {
        let limits = JSONLimits(byteCount: 1 << 26)
        guard let value = try? JSONValue.parse(json, limits: limits),
            value["evident_submit"]?.unsigned == 1,
            let salt = value["salt"]?.text.flatMap({ Digest(hex: $0) }),
            let vkey = value["vkey"]?.text,
            let done = value["done"]?.unsigned,
            let digest = value["digest"]?.text.flatMap({ Digest(hex: $0) }),
            let refused = value["refused"]?.elements?.compactMap(Self.pair),
            let begun = value["begun"]
        else { return nil }
        self.init(salt: salt, vkey: vkey)
        self.done = done
        self.refused = Dictionary(refused) { first, _ in first }
        self.digest = digest
        self.begun = Self.pair(begun).map { Begun(unit: $0 == 0 ? nil : $0, last: $1) }
        guard self.json == json, isSound else { return nil }
    }

    private static func pair(_ value: JSONValue) -> (UInt64, UInt64)? {
        guard let numbers = value.elements?.compactMap(\.unsigned), numbers.count == 2 else {
            return nil
        }
        return (numbers[0], numbers[1])
    }

    /// Whether no line comes before the unit that it is said to have travelled in.
    private var isSound: Bool {
        refused.allSatisfy { $0.value <= $0.key && $0.key <= done }
            && begun?.unit ?? 0 <= done + 1
    }
}
