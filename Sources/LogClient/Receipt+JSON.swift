// SPDX-License-Identifier: Apache-2.0

public import AuditChain
import LogCrypto

extension Receipt {
    private static let format = "evident/v1"
    private static let members = [
        "receipt", "index", "timestamp_ms", "commitment", "record_hash", "inclusion",
    ]

    /// Parses a receipt, with or without an opening.
    ///
    /// Members in any order, none unknown.
    public init(parsing bytes: [UInt8]) throws(ReceiptError) {
        try self.init(ProofFileError.parse(bytes), checkpoint: nil)
    }

    /// The receipt of one item of a batch, which leaves the checkpoint to the batch.
    public init(item value: JSONValue, checkpoint: String) throws(ReceiptError) {
        try self.init(value, checkpoint: checkpoint)
    }

    private init(_ value: JSONValue, checkpoint shared: String?) throws(ReceiptError) {
        let members = try MemberReader(
            value, at: "", required: Self.members + (shared == nil ? ["checkpoint"] : []),
            optional: ["opening", "content", "witnessed"])
        try members.require("receipt", is: Self.format)
        let isErased = value["content"] != nil
        if isErased {
            try members.require("content", is: "erased")
            // What was opened was there.
            guard value["opening"] == nil else { throw .malformed("content") }
        }
        // What a log says of its witnesses; who cosigned shows in the checkpoint.
        if let witnessed = value["witnessed"], witnessed != .bool(true), witnessed != .bool(false) {
            throw .malformed("witnessed")
        }
        let leaf = Leaf(
            timestampMS: try members.number("timestamp_ms"),
            commitment: try members.digest("commitment"), mac: try members.digest("record_hash"))
        let checkpoint: String
        if let shared { checkpoint = shared } else { checkpoint = try members.text("checkpoint") }
        self.init(
            index: try members.number("index"), leaf: leaf,
            inclusion: try members.hashes("inclusion"), checkpoint: checkpoint,
            opening: try value["opening"].map(Opening.init(parsing:)), isErased: isErased)
    }

    /// The receipt as JSON, members in the order of the specification.
    public var json: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(400 + 48 * inclusion.count + checkpoint.utf8.count)
        append(to: &bytes)
        return bytes
    }

    /// Appends the receipt as JSON; an item of a batch leaves out the checkpoint.
    public func append(to bytes: inout [UInt8], withCheckpoint: Bool = true) {
        bytes += #"{"receipt":"evident/v1","index":"#.utf8
        bytes.appendDecimal(index)
        bytes += #","timestamp_ms":"#.utf8
        bytes.appendDecimal(timestampMS)
        bytes += #","commitment":""#.utf8
        Hex.append(commitment, to: &bytes)
        bytes += #"","record_hash":""#.utf8
        Hex.append(recordHash, to: &bytes)
        bytes += #"","inclusion":["#.utf8
        for (place, hash) in inclusion.enumerated() {
            bytes += (place == 0 ? "\"" : ",\"").utf8
            Base64.append(hash, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "]"))
        if withCheckpoint {
            bytes += #","checkpoint":"#.utf8
            bytes.appendQuoted(checkpoint)
        }
        if isErased { bytes += #","content":"erased""#.utf8 }
        if let opening {
            bytes += #","opening":{"record":"#.utf8
            opening.record.bytes.withUnsafeBufferPointer { bytes.appendQuoted($0) }
            bytes += #","seed":""#.utf8
            Hex.append(opening.seed, to: &bytes)
            bytes += #""}"#.utf8
        }
        bytes.append(UInt8(ascii: "}"))
    }
}

extension Opening {
    fileprivate init(parsing value: JSONValue) throws(ReceiptError) {
        let members = try MemberReader(value, at: "opening", required: ["record", "seed"])
        let text = try members.text("record")
        do {
            record = try CanonicalRecord(verifying: Array(text.utf8))
        } catch {
            throw .malformed("opening.record")
        }
        seed = try members.digest("seed")
    }
}

extension ProofFileError {
    /// Reads the JSON of a file by the rules that disclosed text has.
    static func parse(
        _ bytes: [UInt8], limits: JSONLimits = .disclosed
    ) throws(ProofFileError) -> JSONValue {
        do {
            return try JSONValue.parse(bytes, limits: limits)
        } catch {
            throw .json(error)
        }
    }
}

extension Array<UInt8> {
    /// Appends a text as a JSON string, quotes included.
    mutating func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { appendQuoted($0) }
    }

    /// Appends UTF-8 as a JSON string, run by run of what needs no escape.
    mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        append(UInt8(ascii: "\""))
        var start = 0
        for place in 0..<text.count where Self.needsEscape(text[place]) {
            append(contentsOf: text[start..<place])
            appendEscape(of: text[place])
            start = place + 1
        }
        append(contentsOf: text[start...])
        append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(of byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"): self += #"\n"#.utf8
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): self += [UInt8(ascii: "\\"), byte]
        default:
            self += (byte < 0x10 ? #"\u000"# : #"\u00"#).utf8
            self += String(byte, radix: 16).utf8
        }
    }
}
