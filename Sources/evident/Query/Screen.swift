// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What standard output can show: how wide a line may be, and whether it knows colours.
struct Screen: Sendable {
    /// Nil where output goes to a file or another program, which gets whole lines.
    let width: Int?
    let hasColour: Bool

    /// - Parameter environment: `NO_COLOR` set to anything, or a `dumb` terminal, means no colour
    ///   (https://no-color.org); `COLUMNS` wins over what the terminal says.
    static func current(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Screen {
        guard isatty(STDOUT_FILENO) == 1 else { return Screen(width: nil, hasColour: false) }
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let columns = environment["COLUMNS"].flatMap { Int($0) }
        let isPlain =
            environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
        return Screen(
            width: max(40, columns ?? (isKnown ? Int(size.ws_col) : 80)), hasColour: !isPlain)
    }
}

/// Text from records, made fit for a terminal.
enum ShownText {
    /// The text in one line, with a replacement character for whatever could move the cursor,
    /// change colours or turn the direction of reading: a record must not be able to hide another.
    static func clean(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse,
                .surrogate:
                shown.append("\u{FFFD}")
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// Columns that the text takes.
    static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

    /// The text in exactly that many columns: filled with spaces, or cut with an ellipsis.
    static func fit(_ text: String, _ columns: Int) -> String {
        let width = width(text)
        if width <= columns { return text + String(repeating: " ", count: columns - width) }
        var (cut, used) = ("", 0)
        for character in text {
            let next = Self.width(character)
            guard used + next <= columns - 1 else { break }
            cut.append(character)
            used += next
        }
        return cut + "…" + String(repeating: " ", count: max(0, columns - used - 1))
    }

    /// Two for the scripts that terminals draw wide.
    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first?.value else { return 0 }
        switch scalar {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
