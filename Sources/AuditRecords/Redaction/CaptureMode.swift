// SPDX-License-Identifier: Apache-2.0

/// How much is kept of what was said and done: of a record's payload, which is `arguments`,
/// `result`, `details` and the members of a vendor's own.
///
/// It comes on top of redaction, and says nothing of the other members: who did what to which
/// target, when and with what outcome is kept in every mode.
public enum CaptureMode: String, CaseIterable, Sendable {
    /// As it was sent, but for secrets and for what the policy's own rules find.
    case full
    /// Without what any rule finds.
    case redacted
    /// The size and a salted digest of what `redacted` would keep, in its place.
    case hashOnly = "hash_only"
    /// Nothing.
    case metadataOnly = "metadata_only"

    /// How little is left: a tenant's mode may not rank below the policy's.
    var rank: Int {
        switch self {
        case .full: 0
        case .redacted: 1
        case .hashOnly: 2
        case .metadataOnly: 3
        }
    }

    /// Whether a top-level member is payload.
    static func isPayload(_ name: UnsafeRawBufferPointer) -> Bool {
        switch SchemaMember(named: name) {
        case nil, .arguments, .details, .result: true
        default: false
        }
    }
}

/// Capture modes by what they are for: a type, a family such as `tool.*`, or `*` for everything.
struct CaptureModes: Sendable {
    private let modes: [String: CaptureMode]

    init(_ modes: [String: CaptureMode]) {
        self.modes = modes
    }

    /// The mode of the most exact entry; `redacted` where none fits.
    func mode(of type: String) -> CaptureMode {
        guard !modes.isEmpty else { return .redacted }
        if let exact = modes[type] { return exact }
        var stem = type[...]
        while let dot = stem.lastIndex(of: ".") {
            if let family = modes[String(stem[...dot]) + "*"] { return family }
            stem = stem[..<dot]
        }
        return modes["*"] ?? .redacted
    }

    /// Whether an entry may be for that.
    static func isPattern(_ text: String) -> Bool {
        if text == "*" { return true }
        let type = text.hasSuffix(".*") ? text.dropLast(2) : text[...]
        return Array(type.utf8).withUnsafeBytes(Grammar.isType)
    }
}
