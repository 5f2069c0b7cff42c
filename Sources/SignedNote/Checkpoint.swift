// SPDX-License-Identifier: Apache-2.0

import LogCrypto
public import Merkle

/// What a log states about its tree: who it is, how many leaves, under which root.
///
///     log.example.com/audit
///     14
///     4CXw1rAdxDWnO5hapiG4sm5ZErR0FH1htCxi2go9ysU=
///
/// A checkpoint is parsed, not proven: see ``OpenedCheckpoint``. Source:
/// https://c2sp.org/tlog-checkpoint.
public struct Checkpoint: Hashable, Sendable {
    /// The log's name.
    public var origin: String { exactOrigin.string }

    /// The tree's size and root.
    public let head: TreeHead

    /// Lines after the root, which logs of this kind never write.
    public var extensions: [String] { exactExtensions.map(\.string) }

    private let exactOrigin: ExactText
    private let exactExtensions: [ExactText]

    /// A checkpoint without extension lines; the origin is one line that is not empty.
    public init(origin: String, head: TreeHead) {
        precondition(
            !origin.isEmpty && isPrintable(origin.utf8), "an origin is one line that is not empty")
        self.exactOrigin = ExactText(origin)
        self.head = head
        self.exactExtensions = []
    }

    /// Parses a note's text; accepts only a text that ``text`` gives back unchanged.
    ///
    /// Refuses a head of size 0 under any root but the empty tree's.
    public init(parsing text: String) throws(NoteError) {
        guard let lines = lines(of: text.utf8), lines.count >= 3,
            lines.allSatisfy({ !$0.isEmpty && isPrintable($0) }),
            let size = decimal(lines[1]),
            let root = Base64.decode(ascii: lines[2]).flatMap({ Digest($0) })
        else { throw .malformedCheckpoint }
        guard size > 0 || root == .emptyRoot else { throw .wrongEmptyRoot }
        let texts = lines.map { ExactText(String(decoding: $0, as: UTF8.self)) }
        self.exactOrigin = texts[0]
        self.head = TreeHead(size: size, root: root)
        self.exactExtensions = Array(texts[3...])
        guard self.text.utf8.elementsEqual(text.utf8) else { throw .malformedCheckpoint }
    }

    /// The text that is signed: the lines, each with its newline.
    public var text: String {
        extensions.reduce(into: "\(origin)\n\(head.size)\n\(head.root.base64)\n") {
            $0 += $1 + "\n"
        }
    }

    /// Whether two checkpoints state the same: origin, size and root.
    public func isSameHead(as other: Checkpoint) -> Bool {
        exactOrigin == other.exactOrigin && head == other.head
    }

    /// Whether the origin is this one, byte by byte.
    func isOf(origin: String) -> Bool {
        exactOrigin == ExactText(origin)
    }
}
