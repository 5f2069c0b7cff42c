// SPDX-License-Identifier: Apache-2.0

extension Note {
    /// The signatures by the given keys, one for each key that signed, in the note's order.
    ///
    /// Lines of other keys say nothing and are passed over. A line of a given key that does not
    /// verify refuses the whole note, also when another line of that key does. Throws if no line
    /// is by a given key.
    ///
    /// Cost: one signature verification for each distinct line of a given key.
    public func verifiedSignatures(
        by keys: [VerifierKey]
    ) throws(NoteError) -> [NoteSignature] {
        let signed = Array(text.utf8)
        var seen: Set<NoteSignature> = []
        var verified: [NoteSignature] = []
        for signature in signatures {
            guard let key = try Self.key(of: signature, among: keys),
                seen.insert(signature).inserted
            else { continue }
            guard key.isValidSignature(signature, for: signed) else {
                throw .invalidSignature(name: signature.name, keyID: signature.keyID)
            }
            if !verified.contains(where: { key.isNamed(by: $0) }) { verified.append(signature) }
        }
        guard !verified.isEmpty else { throw .noKnownSignature }
        return verified
    }

    private static func key(
        of signature: NoteSignature, among keys: [VerifierKey]
    ) throws(NoteError) -> VerifierKey? {
        let named = keys.filter { $0.isNamed(by: signature) }
        guard let key = named.first else { return nil }
        guard named.allSatisfy({ $0 == key }) else {
            throw .ambiguousKey(name: signature.name, keyID: signature.keyID)
        }
        return key
    }
}
