// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogStorage
import SignedNote
import TransparencyLog

/// One page of records, in the form that was asked for.
///
/// A record is its canonical text, byte for byte as it was committed to.
struct PageAnswer: Sendable {
    /// One record, and what was asked for beside it.
    struct Item: Sendable {
        let record: Found
        var receipt: SequencedRecord?
        var proof: String?
        /// What ties it to the tree, for the forms of others.
        var leaf: Leaf?
    }

    let origin: Origin
    let treeSize: UInt64
    let items: [Item]
    /// Nil on the last page.
    let nextCursor: String?

    func response(_ format: AnswerFormat) throws(RecordError) -> Response {
        let body =
            switch format {
            case .json: json
            case .ndjson: lines
            case .csv: csv
            case .ocsf: try array(.ocsf)
            case .cloudevents: try array(.cloudevents)
            }
        var response = Response.uncached(ByteBuffer(bytes: body), type: format.mediaType)
        response.headers[.vary] = "Accept, Authorization"
        response.headers[.treeSize] = String(treeSize)
        if let nextCursor { response.headers[.nextCursor] = nextCursor }
        return response
    }

    private var capacity: Int {
        items.reduce(512) { $0 + $1.record.content.record.count + 64 }
    }

    private var json: [UInt8] {
        var json = JSONWriter(capacity: capacity)
        json.open()
        json.member("schema", "audit_query")
        json.member("version", "1")
        json.member("origin", origin.text)
        json.member("pinned_tree_size", treeSize)
        json.name("records")
        json.openArray()
        for item in items { json.item(item) }
        json.closeArray()
        if let nextCursor { json.member("next_cursor", nextCursor) }
        json.member("has_more", nextCursor != nil)
        json.close()
        return json.bytes
    }

    /// A line for each record, and a last one that tells a whole answer from one cut short.
    private var lines: [UInt8] {
        var json = JSONWriter(capacity: capacity)
        for item in items {
            json.item(item)
            json.newline()
        }
        json.open()
        json.member("origin", origin.text)
        json.member("pinned_tree_size", treeSize)
        if let nextCursor { json.member("next_cursor", nextCursor) }
        json.member("has_more", nextCursor != nil)
        json.close()
        json.newline()
        return json.bytes
    }

    /// One array of events, each on a line of its own.
    private func array(_ format: ExportFormat) throws(RecordError) -> [UInt8] {
        var bytes = Array("[".utf8)
        for item in items {
            guard let leaf = item.leaf else { preconditionFailure("an event has its leaf") }
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "\n"))
            let content = item.record.content
            bytes += try format.line(
                of: ExportedRecord(
                    origin: origin, index: item.record.index, leaf: leaf,
                    canonical: content.record, erased: content.erased)
            ).dropLast()
        }
        return bytes + Array("\n]\n".utf8)
    }

    private var csv: [UInt8] {
        var table = RecordTable()
        for item in items { table.add(item.record.index, item.record.terms) }
        return table.bytes
    }
}

extension JSONWriter {
    /// A record with its index, and what comes along.
    mutating func item(_ item: PageAnswer.Item) {
        open()
        member("index", item.record.index)
        name("record")
        raw(item.record.content.record)
        let erased = item.record.content.erased
        if !erased.isEmpty {
            name("erased")
            openArray()
            for field in erased {
                openArray()
                string(field.name)
                number(field.by)
                closeArray()
            }
            closeArray()
        }
        if let receipt = item.receipt {
            name("receipt")
            self.receipt(receipt)
        }
        if let proof = item.proof { member("proof", proof) }
        close()
    }
}

extension HTTPField.Name {
    static let lastEventID = custom("last-event-id")
    /// Asks a proxy not to hold back what it passes on.
    static let accelBuffering = custom("x-accel-buffering")
    static let treeSize = custom("evident-tree-size")
    static let nextCursor = custom("evident-next-cursor")

    static func custom(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure() }
        return name
    }
}
