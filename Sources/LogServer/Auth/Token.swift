// SPDX-License-Identifier: Apache-2.0

package import LogCrypto

/// A bearer token: `evt_<prefix>_<secret>`.
///
/// The prefix, 12 characters of `a-z 2-7`, is public: it finds the token's entry and names it in
/// lists. The secret is 32 random bytes in base64url. Only the SHA-256 of the whole is kept, which
/// suffices for what has 256 random bits.
package struct Token: Sendable {
    package let prefix: String
    /// SHA-256 of the token's text.
    package let hash: Digest

    private static let intro = "evt_"
    private static let prefixCount = 12
    private static let secretCount = 43

    /// Draws a new token.
    ///
    /// The text is shown once and kept nowhere.
    package static func make() -> (text: String, token: Token) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        let prefix = SecureRandom.bytes(prefixCount).map { alphabet[Int($0 & 31)] }
        let secret = Base64.encodeURL(SecureRandom.bytes(32))
        let text = "\(intro)\(String(decoding: prefix, as: UTF8.self))_\(secret)"
        guard let token = Token(text) else { preconditionFailure("a new token is well-formed") }
        return (text, token)
    }

    /// Reads a token as a client sends it; nil for anything of another form.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        let prefixEnd = Self.intro.utf8.count + Self.prefixCount
        guard bytes.count == prefixEnd + 1 + Self.secretCount,
            bytes.starts(with: Self.intro.utf8), bytes[prefixEnd] == UInt8(ascii: "_")
        else { return nil }
        let prefix = bytes[Self.intro.utf8.count..<prefixEnd]
        guard Self.isPrefix(prefix) else { return nil }
        self.prefix = String(decoding: prefix, as: UTF8.self)
        hash = SHA256.hash(bytes)
    }

    static func isPrefix(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.count == prefixCount
            && bytes.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
                    || UInt8(ascii: "2")...UInt8(ascii: "7") ~= $0
            }
    }
}
