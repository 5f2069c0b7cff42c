// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote
import Testing

@testable import LogClient

/// One line of the vector's list of mutations.
struct SetMutation: Sendable, CustomTestStringConvertible {
    let name: String
    let isExpected: @Sendable (BundleSetError?) -> Bool
    let apply: @Sendable (BundleSetVector) -> [[UInt8]]

    var testDescription: String { name }

    init(
        _ name: String, _ isExpected: @escaping @Sendable (BundleSetError?) -> Bool,
        each apply: @escaping @Sendable (BundleSetVector) -> [[UInt8]]
    ) {
        self.name = name
        self.isExpected = isExpected
        self.apply = apply
    }

    /// A change of one line, or of each of several.
    init(
        _ name: String, _ isExpected: @escaping @Sendable (BundleSetError?) -> Bool,
        _ places: [Int], _ change: @escaping @Sendable (inout SetLine) -> Void
    ) {
        self.init(name, isExpected) { vector in
            places.map { vector.edited($0, change) }
        }
    }

    static let all: [SetMutation] =
        [file, header, record, fields, skip, end, layout].flatMap { $0 }

    private static let file: [SetMutation] = [
        SetMutation("a line dropped", isRefused) { vector in
            vector.lines.indices.map { place in
                var lines = vector.lines
                lines.remove(at: place)
                return BundleSetVector.bytes(lines)
            }
        },
        SetMutation("a line repeated", { misplaced($0) || form($0) || order($0) }) { vector in
            vector.lines.indices.map { place in
                var lines = vector.lines
                lines.insert(lines[place], at: place)
                return BundleSetVector.bytes(lines)
            }
        },
        SetMutation("two lines exchanged", isRefused) { vector in
            vector.lines.indices.flatMap { place in
                (0..<place).map { other in
                    var lines = vector.lines
                    lines.swapAt(place, other)
                    return BundleSetVector.bytes(lines)
                }
            }
        },
        SetMutation("an empty line added", form, each: inserting("")),
        SetMutation("a line of another kind", form, each: inserting(#"{"note":"x"}"#)),
        SetMutation("white space at the end of any line but the last", { $0 == .digestMismatch }) {
            vector in
            vector.lines.indices.dropLast().map { place in
                var lines = vector.lines
                lines[place] += " "
                return BundleSetVector.bytes(lines)
            }
        },
        SetMutation("the last line feed removed", { $0 == .endsEarly }) { [$0.bytes.dropLast()] },
        SetMutation("bytes after the last line", { $0 == .bytesAfterEnd }) { vector in
            ["\n", " ", "x", "{}\n"].map { vector.bytes + Array($0.utf8) }
        },
    ]

    private static func inserting(
        _ line: String
    ) -> @Sendable (BundleSetVector) -> [[UInt8]] {
        { vector in
            vector.lines.indices.map { place in
                var lines = vector.lines
                lines.insert(line, at: place)
                return BundleSetVector.bytes(lines)
            }
        }
    }

    private static let header: [SetMutation] = [
        SetMutation("header: checkpoint of another size", { badSignature($0) || alone($0) }) {
            vector in
            let vouched = SetLine(vector.lines[BundleSetVector.vouched])
            let bundle = vouched.members["vouched"] as? [String: Any]
            let newer = bundle?["checkpoint"] as? String ?? ""
            return [
                vector.edited(0) { line in
                    line[text: "checkpoint"].replace("\n15\n", with: "\n16\n")
                },
                vector.edited(0) { $0[text: "checkpoint"] = newer },
            ]
        },
        SetMutation("header: a signature of another key", badSignature, [0]) { line in
            let note = line[text: "checkpoint"]
            let start = note.firstRange(of: "Iz2O9")?.lowerBound ?? note.startIndex
            let place = note.distance(from: note.startIndex, to: start)
            line[text: "checkpoint"] = note.changed(at: place + 20)
        },
        SetMutation("header: query changed", { $0 == .digestMismatch }, [0]) {
            $0.members["query"] = [String: Any]()
        },
        SetMutation("header: first above a record's index", { $0 == .outsideRange(4) }, [0]) {
            $0["first"] = 5
        },
        SetMutation("header: end above the size", { $0 == .rangeBeyondTree }, [0]) {
            $0["end"] = 16
        },
        SetMutation("header: end at a record's index", { $0 == .outsideRange(14) }, [0]) {
            $0["end"] = 14
        },
        SetMutation("header: fields out of order", form) { vector in
            [
                vector.edited(0) { $0[texts: "fields"].reverse() },
                vector.edited(0) { $0[texts: "fields"].insert("action", at: 0) },
            ]
        },
    ]

    private static let record: [SetMutation] = [
        SetMutation("record: index + 1", order, BundleSetVector.records) { $0["index"] += 1 },
        SetMutation("record: timestamp_ms + 1", otherRoot, BundleSetVector.records) {
            $0["timestamp_ms"] += 1
        },
        SetMutation("record: one bit of record_hash", otherRoot, BundleSetVector.records) {
            $0[text: "record_hash"] = $0[text: "record_hash"].changed(at: 63)
        },
        SetMutation(
            "record: erased names another record", falseErasure, [BundleSetVector.record7]
        ) { $0.claimErased(by: 10) },
        SetMutation(
            "record: erased names a record that is not in the log", { $0 == .digestMismatch },
            [BundleSetVector.record7]
        ) { $0.claimErased(by: 99) },
    ]

    private static let fields: [SetMutation] = [
        SetMutation(
            "record: one character of a member",
            { otherRoot($0) || form($0) || falseErasure($0) || names($0) || unreadable($0) },
            each: eachField("member") { field in
                let text = field["member"] as? String ?? ""
                return text.indices.enumerated().map { offset, _ in
                    field.merging(["member": text.changed(at: offset)]) { $1 }
                }
            }),
        SetMutation(
            "record: a salt byte", otherRoot,
            each: eachField("salt") { field in
                [field.merging(["salt": (field["salt"] as? String ?? "").changed(at: 0)]) { $1 }]
            }),
        SetMutation(
            "record: a digest byte", otherRoot,
            each: eachField("digest") { field in
                [
                    field.merging(["digest": (field["digest"] as? String ?? "").changed(at: 0)]) {
                        $1
                    }
                ]
            }),
        SetMutation(
            "record: a hidden field renamed", { otherRoot($0) || falseErasure($0) },
            each: eachField("digest") { field in
                [field.merging(["name": (field["name"] as? String ?? "") + "x"]) { $1 }]
            }),
        SetMutation(
            "record: a field dropped",
            { otherRoot($0) || form($0) || falseErasure($0) || $0 == .digestMismatch },
            each: eachField(nil) { _ in [nil] }),
        SetMutation("record: fields reordered", names, BundleSetVector.records) {
            $0.fields.reverse()
        },
        SetMutation("record: v hidden", form, BundleSetVector.records) {
            $0.fields[$0.fields.count - 1] = [
                "name": "v", "digest": String(repeating: "0", count: 64),
            ]
        },
        SetMutation(
            "record: a member whose text is not canonical but parses equal", form,
            each: eachField("member") { field in
                let text = field["member"] as? String ?? ""
                let spaced = text.replacing("\":", with: "\": ", maxReplacements: 1)
                return [field.merging(["member": spaced]) { $1 }]
            }),
    ]

    private static let skip: [SetMutation] = [
        SetMutation(
            "skip: skip_to + 1", { wrongLength($0) || order($0) || $0 == .emptySkip(9) },
            BundleSetVector.skips
        ) { $0["skip_to"] += 1 },
        SetMutation("skip: skip_to where it begins", emptySkip) { vector in
            BundleSetVector.skips.map { place in
                let start = place == 1 ? 0 : SetLine(vector.lines[place - 1])["index"] + 1
                return vector.edited(place) { $0["skip_to"] = start }
            }
        },
        SetMutation("skip: beyond the size", emptySkip, BundleSetVector.skips) {
            $0["skip_to"] = 16
        },
        SetMutation("skip: a node's byte", otherRoot) { vector in
            BundleSetVector.skips.flatMap { place in
                SetLine(vector.lines[place])[texts: "nodes"].indices.map { node in
                    vector.edited(place) {
                        $0[texts: "nodes"][node] = $0[texts: "nodes"][node].changed(at: 0)
                    }
                }
            }
        },
        SetMutation("skip: a node dropped", wrongLength, BundleSetVector.skips) {
            $0[texts: "nodes"].removeLast()
        },
        SetMutation("skip: a node added", wrongLength, BundleSetVector.skips) {
            $0[texts: "nodes"].append($0[texts: "nodes"][0])
        },
        SetMutation("skip: two nodes exchanged", otherRoot, [BundleSetVector.skipOfTwo]) {
            $0[texts: "nodes"].reverse()
        },
        SetMutation("skip cut in two where a node is", { $0 == .digestMismatch }) { vector in
            let place = BundleSetVector.skipOfTwo
            let nodes = SetLine(vector.lines[place])[texts: "nodes"]
            var lines = vector.lines
            lines[place] = #"{"skip_to":6,"nodes":["\#(nodes[0])"]}"#
            lines.insert(#"{"skip_to":7,"nodes":["\#(nodes[1])"]}"#, at: place + 1)
            return [BundleSetVector.bytes(lines)]
        },
    ]

    private static let end: [SetMutation] = [
        SetMutation("report changed", { $0 == .digestMismatch }, [BundleSetVector.report]) {
            $0.members["content"] = ["result": "x"]
        },
        SetMutation("report of an unknown kind", form, [BundleSetVector.report]) {
            $0[text: "report"] = "other"
        },
        SetMutation(
            "end: records + 1", { $0 == .recordCount(got: 5, want: 6) }, [BundleSetVector.end]
        ) { $0["records"] += 1 },
        SetMutation("vouched: another record of the log", { $0 == .notVouched }) { vector in
            let bundle = String(decoding: vector.erasure.bytes, as: UTF8.self)
            return [
                vector.edited(BundleSetVector.vouched) {
                    $0.members["vouched"] = SetLine(bundle).members
                }
            ]
        },
        SetMutation("vouched: details hidden", { $0 == .notVouched }, [BundleSetVector.vouched]) {
            $0.vouched { $0.hide("details") }
        },
        SetMutation("vouched: sha256 of another file", { $0 == .digestMismatch }, [0]) {
            $0["made_ms"] += 1
        },
        SetMutation("vouched: inclusion truncated", wrongLength, [BundleSetVector.vouched]) {
            $0.vouched { $0[texts: "inclusion"].removeLast() }
        },
        SetMutation("vouched: consistency truncated", consistency, [BundleSetVector.vouched]) {
            $0[texts: "consistency"].removeLast()
        },
        SetMutation(
            "vouched: consistency extended by a hash", consistency, [BundleSetVector.vouched]
        ) { $0[texts: "consistency"].append($0[texts: "consistency"][0]) },
    ]

    private static let layout: [SetMutation] = [
        SetMutation("an unknown member in each line", form, Array(0...12)) {
            $0[text: "note"] = "x"
        },
        SetMutation("upper-case hex", form, BundleSetVector.records) {
            $0[text: "record_hash"] = $0[text: "record_hash"].uppercased()
        },
        SetMutation("base64 with non-zero trailing bits", form, BundleSetVector.skips) { line in
            var hash = Array(line[texts: "nodes"][0])
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
            let digit = alphabet.firstIndex(of: hash[42]) ?? 0
            hash[42] = alphabet[digit ^ 1]
            line[texts: "nodes"][0] = String(hash)
        },
    ]

    /// Each field that has a member of this name, replaced by what `change` makes of it.
    private static func eachField(
        _ name: String?, _ change: @escaping @Sendable ([String: Any]) -> [[String: Any]?]
    ) -> @Sendable (BundleSetVector) -> [[UInt8]] {
        { vector in
            BundleSetVector.records.flatMap { place in
                let fields = SetLine(vector.lines[place]).fields
                return fields.indices.flatMap { index -> [[UInt8]] in
                    guard name.map({ fields[index][$0] != nil }) ?? true else { return [] }
                    return change(fields[index]).map { changed in
                        vector.edited(place) { line in
                            line.fields.replaceSubrange(
                                index...index, with: changed.map { [$0] } ?? [])
                        }
                    }
                }
            }
        }
    }
}

/// What each kind of mutation is refused with.
extension SetMutation {
    static func isRefused(_ error: BundleSetError?) -> Bool { error != nil }

    static func unreadable(_ error: BundleSetError?) -> Bool { error == .erasure(.malformed(14)) }

    /// The newer head, which no witness has seen yet.
    static func alone(_ error: BundleSetError?) -> Bool {
        error == .proof(line: 1, .quorumNotMet(got: 0, want: 1))
    }

    static func form(_ error: BundleSetError?) -> Bool {
        if case .line? = error { true } else { false }
    }

    static func misplaced(_ error: BundleSetError?) -> Bool {
        switch error {
        case .misplaced?, .bytesAfterEnd?: true
        default: false
        }
    }

    static func order(_ error: BundleSetError?) -> Bool {
        switch error {
        case .leafMissing?, .emptySkip?: true
        default: false
        }
    }

    static func emptySkip(_ error: BundleSetError?) -> Bool {
        if case .emptySkip? = error { true } else { false }
    }

    static func names(_ error: BundleSetError?) -> Bool {
        if case .proof(_, .fields(.namesOutOfOrder))? = error { true } else { false }
    }

    static func otherRoot(_ error: BundleSetError?) -> Bool {
        if case .proof(12, .rootMismatch)? = error { error?.verdict == .tampered } else { false }
    }

    static func wrongLength(_ error: BundleSetError?) -> Bool {
        if case .proof(_, .inclusion(.wrongLength))? = error {
            error?.verdict == .tampered
        } else {
            false
        }
    }

    static func consistency(_ error: BundleSetError?) -> Bool {
        if case .proof(13, .consistency(.wrongLength))? = error {
            error?.verdict == .tampered
        } else {
            false
        }
    }

    static func badSignature(_ error: BundleSetError?) -> Bool {
        if case .proof(1, .checkpoint(.invalidSignature))? = error {
            error?.verdict == .tampered
        } else {
            false
        }
    }

    static func falseErasure(_ error: BundleSetError?) -> Bool {
        if case .proof(_, .falseErasure)? = error { error?.verdict == .tampered } else { false }
    }
}
