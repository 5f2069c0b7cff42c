// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import AuditRecords
import LogStorage

/// What a file of another system holds.
enum ImportFormat: String, CaseIterable, ExpressibleByArgument {
    case kerno, weaver, cloudevents, ndjson

    /// The member that holds the events where a file is one object.
    private var envelope: String? { self == .weaver ? "traces" : nil }

    /// Whether a file may be one JSON text instead of a line for each event.
    private var mayBeDocument: Bool { self == .weaver || self == .cloudevents }

    /// The bytes of a file that is one JSON text; nil if it has a line for each event.
    func document(_ path: String) throws -> [UInt8]? {
        guard mayBeDocument, path != "-" else { return nil }
        var reader = try LineReader(path)
        guard let first = try reader.next() else { return nil }
        if case .text(let line) = first,
            let object = try? JSONValue.parse(
                line, limits: JSONLimits(byteCount: LineReader.limit)),
            envelope.flatMap({ object[$0] }) == nil
        {
            return nil
        }
        guard
            let bytes = try PrivateFile.read(
                path, limit: DocumentReader.limit, followingLinks: true)
        else { return nil }
        var scanner = DocumentScanner(bytes)
        let isDocument =
            scanner.array(named: envelope) != nil
            || (try? JSONValue.parse(bytes, limits: JSONLimits(byteCount: DocumentReader.limit)))
                != nil
        return isDocument ? bytes : nil
    }

    func reader(of document: [UInt8]) throws(CommandFailure) -> DocumentReader {
        try DocumentReader(document, elementsOf: envelope)
    }
}

/// A mapping as it is written in a file.
enum MappingFile {
    /// Reads YAML (the part that policies are written in), or JSON.
    static func load(_ path: String) throws -> FieldMapping {
        guard let bytes = try PrivateFile.read(path, limit: 1 << 20, followingLinks: true) else {
            throw FileError(.missing, path, "there is no such file")
        }
        return try parse(bytes, path: path)
    }

    /// Reads a mapping; `path` is for messages only.
    static func parse(_ bytes: [UInt8], path: String) throws(CommandFailure) -> FieldMapping {
        let value = try value(bytes, path: path)
        do throws(MappingError) {
            return try FieldMapping(value)
        } catch {
            throw .usage(
                "\(path): \(error)", advice: "docs/import.md shows what a mapping may say.")
        }
    }

    private static func value(_ bytes: [UInt8], path: String) throws(CommandFailure) -> JSONValue {
        if bytes.first(where: { !DocumentScanner.isSpace($0) }) == UInt8(ascii: "{") {
            do throws(JSONError) {
                return try JSONValue.parse(bytes, limits: JSONLimits(byteCount: 1 << 20))
            } catch {
                let line = bytes.prefix(error.offset).count { $0 == UInt8(ascii: "\n") } + 1
                throw .usage("\(path):\(line): is not JSON (\(error.code))")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .usage("\(path): is not UTF-8 text")
        }
        do throws(PolicyText.Refusal) {
            return try PolicyText.parse(text)
        } catch {
            throw .usage("\(path):\(error.line): \(error.message)")
        }
    }
}
