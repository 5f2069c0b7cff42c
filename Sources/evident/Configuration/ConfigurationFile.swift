// SPDX-License-Identifier: Apache-2.0

/// What `evident.yaml` may look like: mappings, indented by spaces, of plain `key: value` lines.
///
/// YAML has more than that, and most of it hides mistakes (anchors, merged keys, two spellings of
/// a list, a value that is a mapping after all). A line outside this form is refused with its
/// number, so that the keys found here are all that the file holds.
struct ConfigurationFile: Equatable {
    /// Every key that has a value, dotted, with its line number.
    let keys: [String: Int]

    /// Reads the keys of a file; throws what is wrong, with the line.
    init(parsing text: String, path: String) throws(CommandFailure) {
        var keys: [String: Int] = [:]
        var open: [(indent: Int, name: String, line: Int)] = []
        var pending: (name: String, line: Int, indent: Int)?

        func failure(_ line: Int, _ message: String) -> CommandFailure {
            .usage("\(path):\(line): \(message)")
        }
        for (offset, raw) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let number = offset + 1
            guard let line = Line(raw) else {
                throw failure(number, "not of the form `key: value`")
            }
            guard !line.isBlank else { continue }
            if let header = pending {
                guard line.indent > header.indent else {
                    throw failure(header.line, "\(header.name) has no value")
                }
                open.append((header.indent, header.name, header.line))
                pending = nil
            }
            while let last = open.last, line.indent <= last.indent { open.removeLast() }
            let name = (open.last.map { [$0.name] } ?? []) + [line.key]
            let dotted = name.joined(separator: ".")
            if line.value.isEmpty {
                pending = (dotted, number, line.indent)
                continue
            }
            guard keys.updateValue(number, forKey: dotted) == nil else {
                throw failure(number, "\(dotted) stands here twice")
            }
        }
        if let header = pending { throw failure(header.line, "\(header.name) has no value") }
        for (key, line) in keys.sorted(by: { $0.value < $1.value })
        where ConfigurationKey(rawValue: key) == nil {
            throw failure(line, "\(key) is not a key of this version")
        }
        self.keys = keys
    }

    /// One line, cut into indent, key and value.
    private struct Line {
        let indent: Int
        let key: String
        let value: Substring
        var isBlank: Bool { key.isEmpty }

        /// Nil for a line that has another form.
        init?(_ raw: Substring) {
            let content = raw.drop { $0 == " " }
            indent = raw.count - content.count
            if content.isEmpty || content.hasPrefix("#") || content == "---" {
                (key, value) = ("", "")
                return
            }
            guard let colon = content.firstIndex(of: ":") else { return nil }
            key = String(content[..<colon])
            guard !key.isEmpty, key.allSatisfy({ $0.isASCII && ($0.isLetter || "_.".contains($0)) })
            else { return nil }
            let rest = content[content.index(after: colon)...]
            guard rest.isEmpty || rest.hasPrefix(" ") else { return nil }
            let text = rest.drop { $0 == " " }
            value = text.hasPrefix("#") ? "" : text
            // A mapping, list, anchor, alias, tag, block text or quoted nothing is no plain value.
            guard !"{[&*!|>".contains(value.first ?? " ") else { return nil }
            guard !["\"\"", "''", "~", "null"].contains(value) else { return nil }
        }
    }
}
