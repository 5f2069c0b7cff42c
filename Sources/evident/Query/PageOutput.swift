// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import LogClientHTTP
import LogServer

/// Prints the pages of a query on standard output, in one form.
protocol PageOutput {
    mutating func print(_ page: QueryWalk.Page) throws

    /// Ends the output; `hasMore` says that records were left out.
    mutating func end(hasMore: Bool) throws
}

/// One line a record, byte for byte as the server sent it.
struct LineOutput: PageOutput {
    mutating func print(_ page: QueryWalk.Page) throws {
        try Terminal.write(bytes: page.records.reduce(into: []) { $0 += $1.line + [0x0a] })
    }

    func end(hasMore: Bool) {}
}

/// One JSON object with all records, as one page of the interface would be.
struct JSONOutput: PageOutput {
    private var isBegun = false
    private var hasRecord = false

    mutating func print(_ page: QueryWalk.Page) throws {
        var text: [UInt8] = []
        if !isBegun {
            isBegun = true
            text +=
                """
                {"schema":"audit_query","version":"1","origin":"\(page.origin)",\
                "pinned_tree_size":\(page.treeSize),"records":[
                """.utf8
        }
        for record in page.records {
            if hasRecord { text.append(UInt8(ascii: ",")) }
            hasRecord = true
            text += record.line
        }
        try Terminal.write(bytes: text)
    }

    func end(hasMore: Bool) throws {
        try Terminal.write(bytes: Array("],\"has_more\":\(hasMore)}\n".utf8))
    }
}

/// A table for spreadsheets.
struct CSVOutput: PageOutput {
    private var isBegun = false

    mutating func print(_ page: QueryWalk.Page) throws {
        var table = RecordTable(heading: !isBegun)
        isBegun = true
        for listed in page.records {
            // The text of a canonical record is the same however often it is written.
            do {
                table.add(listed.index, try RecordTerms.read(canonical: listed.record.canonical))
            } catch {
                throw EndpointError(
                    .unexpectedAnswer, "the record at index \(listed.index) cannot be read",
                    cause: error)
            }
        }
        try Terminal.write(bytes: table.bytes)
    }

    func end(hasMore: Bool) {}
}

/// Lines for people.
struct TableOutput: PageOutput {
    private var listing: RecordListing
    private var isBegun = false

    init(_ screen: Screen) {
        listing = RecordListing(screen)
    }

    mutating func print(_ page: QueryWalk.Page) throws {
        guard !page.records.isEmpty else { return }
        var lines: [String] = []
        if !isBegun {
            listing.fit(page.records)
            lines.append(listing.heading)
            isBegun = true
        }
        lines += page.records.map(listing.line)
        try Terminal.write(bytes: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    func end(hasMore: Bool) {}
}

extension Terminal {
    /// Writes bytes of result as they are, and ends the command where nobody reads them any more:
    /// it could otherwise go on without end.
    static func write(bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return try ExitStatus.inputOutput.end() }
            rest = rest.dropFirst(count)
        }
    }
}
