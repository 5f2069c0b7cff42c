// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// Where a walk over the pages of one query goes on.
struct Cursor: Hashable, Sendable {
    /// The next index to look at.
    let position: UInt64
    /// The size of the tree when the walk began: what was added later is no part of it.
    let treeSize: UInt64
    /// When the walk began, milliseconds since 1970.
    let begunMS: UInt64

    /// How long a walk may last, milliseconds: one day.
    ///
    /// A cursor that never ended would read again and again under the record of its first page.
    static let lifetimeMS: UInt64 = 86_400_000
}

/// Makes cursors that nobody else can make, change, or use for anything else.
///
///     base64url(0x01 ‖ u64(position) ‖ u64(tree size) ‖ u64(begun) ‖ mac)
///     mac = HMAC(K_cursor, these 25 bytes ‖ binding)
///
/// The binding is all that a walk must not change; it is not in the cursor, but made anew from
/// each request.
struct CursorCodec: Sendable {
    private static let version: UInt8 = 1
    private static let headCount = 25

    private let mac: HMACSHA256

    /// - Parameter mac: codes under a key that serves nothing else.
    init(mac: HMACSHA256) {
        self.mac = mac
    }

    func text(of cursor: Cursor, binding: [UInt8]) -> String {
        var bytes = [Self.version]
        bytes.appendBigEndian(cursor.position)
        bytes.appendBigEndian(cursor.treeSize)
        bytes.appendBigEndian(cursor.begunMS)
        bytes += mac.code(for: bytes + binding).bytes
        return Base64.encodeURL(bytes)
    }

    /// Nil for what this log did not make for this binding, or too long ago.
    func cursor(_ text: String, binding: [UInt8], nowMS: UInt64) -> Cursor? {
        guard let bytes = Base64.decodeURL(text),
            bytes.count == Self.headCount + Digest.byteCount,
            let code = Digest(bytes[Self.headCount...])
        else { return nil }
        let head = Array(bytes[..<Self.headCount])
        guard Digest.constantTimeEquals(code, mac.code(for: head + binding)),
            head[0] == Self.version
        else { return nil }
        let cursor = Cursor(
            position: Self.number(head[1..<9]), treeSize: Self.number(head[9..<17]),
            begunMS: Self.number(head[17..<25]))
        let isFresh = nowMS < cursor.begunMS + Cursor.lifetimeMS
        return isFresh ? cursor : nil
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
