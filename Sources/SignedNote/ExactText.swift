// SPDX-License-Identifier: Apache-2.0

/// A text that equals no text of other bytes.
///
/// `String` equates the several spellings that Unicode has for one text. Signatures do not.
struct ExactText: Hashable, Sendable {
    let string: String

    init(_ string: String) {
        self.string = string
    }

    static func == (left: ExactText, right: ExactText) -> Bool {
        left.string.utf8.elementsEqual(right.string.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var copy = string
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
