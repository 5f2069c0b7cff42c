// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// How far a file of records has been submitted, and under which keys: what makes `evident submit`
/// go on after a failure without a duplicate.
///
/// The key of a line is HMAC(salt, u64(line number) ‖ line), lines counted from 1, so that two
/// equal lines are two events. Lines that travel together share a unit, whose key is
/// HMAC(salt, u64(number of its first line)); the server gives item n the key `unit#n`, which is
/// the same for a line however long the rest of the unit is. So a unit that is sent again, longer
/// or shorter, adds nothing twice, as long as it begins with the same line: it begins with the
/// first line that is not done, and `done` is durable before the next unit leaves.
struct SubmitLedger: Equatable {
    enum Mode: String {
        /// Each line is a request of its own, under its own key.
        case single
        /// Lines travel in units.
        case batch
    }

    /// 32 random bytes.
    ///
    /// Without them nobody can tell from a key which line it stands for.
    let salt: Digest
    /// The verifier key of the log that the lines go to; it is never changed afterwards.
    let vkey: String
    var mode: Mode
    /// Lines 1...done have been answered.
    var done: UInt64 = 0
    /// Those among them that the log refused: they are tried again, singly.
    var refused: Set<UInt64> = []
    /// The exclusive or of a MAC of each accepted line, to notice that the file is another one.
    var digest = Digest.zero
    /// Whether the last run has ended with nothing under way.
    var isSettled = true

    init(salt: Digest, vkey: String, mode: Mode) {
        self.salt = salt
        self.vkey = vkey
        self.mode = mode
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
        let value: JSONValue = [
            "evident_submit": 1, "salt": .string(salt.hex), "vkey": .string(vkey),
            "mode": .string(mode.rawValue), "done": .integer(done),
            "refused": .array(refused.sorted().map { .integer($0) }),
            "digest": .string(digest.hex), "settled": .bool(isSettled),
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
            let mode = value["mode"]?.text.flatMap(Mode.init(rawValue:)),
            let done = value["done"]?.unsigned,
            let refused = value["refused"]?.elements?.map(\.unsigned),
            let digest = value["digest"]?.text.flatMap({ Digest(hex: $0) }),
            case .bool(let isSettled)? = value["settled"]
        else { return nil }
        self.init(salt: salt, vkey: vkey, mode: mode)
        self.done = done
        self.refused = Set(refused.compactMap(\.self))
        self.digest = digest
        self.isSettled = isSettled
        guard self.json == json else { return nil }
    }
}
