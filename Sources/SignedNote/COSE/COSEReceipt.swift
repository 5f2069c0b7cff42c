// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import Merkle

/// A receipt as COSE has it: a signature over the root that a leaf and its proof lead to.
///
///     18([<<{1: -7, 4: kid, 15: {1: iss, 2: sub, -65537: tree size}, 395: 1}>>,
///         {396: {-1: [<<[tree size, index, [hash, …]]>>]}, -65538: leaf}, null, signature])
///
/// The root is in no receipt: whoever verifies one computes it. RFC 9942 leaves index and tree size
/// unsigned, and one path may fit several of them; here both are among the claims that are signed,
/// the index as the subject. The leaf comes along, so that the receipt is checked alone. A receipt
/// is parsed, not proven: see ``open(issuer:key:)``. Source: RFC 9942, RFC 9943 section 6.
public struct COSEReceipt: Hashable, Sendable {
    /// Labels of header parameters, of claims and of their values that occur here.
    private enum Label {
        static let algorithm: Int64 = 1
        static let keyID: Int64 = 4
        static let claims: Int64 = 15
        static let dataStructure: Int64 = 395
        static let proofs: Int64 = 396
        static let inclusion: Int64 = -1
        static let issuer: Int64 = 1
        static let subject: Int64 = 2
        /// For private use (RFC 8392 and RFC 9052): below −65536.
        static let treeSize: Int64 = -65537
        static let leaf: Int64 = -65538
    }

    private static let es256: Int64 = -7
    private static let rfc9162SHA256: Int64 = 1
    private static let sign1Tag: UInt64 = 18

    /// What the log signs beside the root.
    public struct Claims: Hashable, Sendable {
        /// The log: `https://` and its origin.
        public var issuer: String { exactIssuer.string }

        /// The leaf's index.
        public let index: UInt64

        /// The number of leaves of the tree.
        public let treeSize: UInt64

        private let exactIssuer: ExactText

        init(issuer: String, index: UInt64, treeSize: UInt64) {
            exactIssuer = ExactText(issuer)
            self.index = index
            self.treeSize = treeSize
        }
    }

    /// What the log signed beside the root.
    public let claims: Claims

    /// Names the key: see ``ReceiptKey/id``.
    public let keyID: Digest

    /// The way from the leaf to the root.
    public let proof: InclusionProof

    /// The leaf.
    public let leaf: [UInt8]

    /// ECDSA on P-256 with SHA-256: r and s, 64 bytes.
    public let signature: [UInt8]

    init(
        claims: Claims, keyID: Digest, proof: InclusionProof, leaf: [UInt8], signature: [UInt8]
    ) {
        self.claims = claims
        self.keyID = keyID
        self.proof = proof
        self.leaf = leaf
        self.signature = signature
    }

    /// The name that a log has as the issuer of receipts.
    public static func issuer(origin: String) -> String { "https://" + origin }

    /// Whether bytes begin as a receipt of this form does; what is JSON never does.
    public static func isLikely(_ bytes: [UInt8]) -> Bool {
        bytes.first == 0xC0 | UInt8(sign1Tag)
    }

    /// Checks that the log signed a tree which holds the leaf at its index; gives that tree's head.
    public func open(issuer: String, key: ReceiptKey) throws(COSEReceiptError) -> TreeHead {
        guard claims.issuer.utf8.elementsEqual(issuer.utf8) else {
            throw .wrongIssuer(got: claims.issuer, want: issuer)
        }
        guard keyID == key.id else { throw .unknownKey }
        guard claims.index == proof.leafIndex, claims.treeSize == proof.treeSize else {
            throw .claimsDiffer
        }
        let root: Digest
        do {
            root = try proof.root(fromLeafHash: .leafHash(leaf))
        } catch {
            throw .proof(error)
        }
        let message = Self.message(claims, keyID: keyID, root: root)
        guard key.isValidSignature(signature, for: message) else { throw .invalidSignature }
        return TreeHead(size: proof.treeSize, root: root)
    }

    // MARK: Bytes

    /// What is signed: RFC 9052's Sig_structure, with the root as the payload.
    static func message(_ claims: Claims, keyID: Digest, root: Digest) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(4)
        writer.text("Signature1")
        writer.bytes(protected(claims, keyID: keyID))
        writer.bytes([])
        writer.bytes(root.bytes)
        return writer.encoded
    }

    private static func protected(_ claims: Claims, keyID: Digest) -> [UInt8] {
        var writer = CBORWriter()
        writer.map(4)
        writer.integer(Label.algorithm)
        writer.integer(es256)
        writer.integer(Label.keyID)
        writer.bytes(keyID.bytes)
        writer.integer(Label.claims)
        writer.map(3)
        writer.integer(Label.issuer)
        writer.text(claims.issuer)
        writer.integer(Label.subject)
        writer.text(String(claims.index))
        writer.integer(Label.treeSize)
        writer.unsigned(claims.treeSize)
        writer.integer(Label.dataStructure)
        writer.integer(rfc9162SHA256)
        return writer.encoded
    }

    /// The receipt's bytes.
    public var serialized: [UInt8] {
        var path = CBORWriter()
        path.array(3)
        path.unsigned(proof.treeSize)
        path.unsigned(proof.leafIndex)
        path.array(proof.hashes.count)
        for hash in proof.hashes { path.bytes(hash.bytes) }

        var writer = CBORWriter()
        writer.tag(Self.sign1Tag)
        writer.array(4)
        writer.bytes(Self.protected(claims, keyID: keyID))
        writer.map(2)
        writer.integer(Label.proofs)
        writer.map(1)
        writer.integer(Label.inclusion)
        writer.array(1)
        writer.bytes(path.encoded)
        writer.integer(Label.leaf)
        writer.bytes(leaf)
        writer.null()
        writer.bytes(signature)
        return writer.encoded
    }

    /// Parses a receipt; accepts only bytes that ``serialized`` gives back unchanged.
    public init(parsing bytes: [UInt8]) throws(COSEReceiptError) {
        var reader = CBORReader(bytes)
        try reader.tag(Self.sign1Tag)
        try reader.array(4)
        let (claims, keyID) = try Self.protected(parsing: try reader.bytes())
        try reader.map(2)
        try reader.integer(Label.proofs)
        try reader.map(1)
        try reader.integer(Label.inclusion)
        try reader.array(1)
        let proof = try Self.proof(parsing: try reader.bytes())
        try reader.integer(Label.leaf)
        let leaf = try reader.bytes()
        try reader.null()
        let signature = try reader.bytes()
        self.init(claims: claims, keyID: keyID, proof: proof, leaf: leaf, signature: signature)
        guard signature.count == 64, serialized == bytes else { throw .malformed }
    }

    private static func protected(
        parsing bytes: [UInt8]
    ) throws(COSEReceiptError) -> (Claims, Digest) {
        var reader = CBORReader(bytes)
        try reader.map(4)
        try reader.integer(Label.algorithm)
        try reader.integer(es256)
        try reader.integer(Label.keyID)
        guard let keyID = Digest(try reader.bytes()) else { throw .malformed }
        try reader.integer(Label.claims)
        try reader.map(3)
        try reader.integer(Label.issuer)
        let issuer = try reader.text()
        try reader.integer(Label.subject)
        guard let index = decimal(Array(try reader.text().utf8)[...]) else { throw .malformed }
        try reader.integer(Label.treeSize)
        let treeSize = try reader.unsigned()
        try reader.integer(Label.dataStructure)
        try reader.integer(rfc9162SHA256)
        return (Claims(issuer: issuer, index: index, treeSize: treeSize), keyID)
    }

    private static func proof(parsing bytes: [UInt8]) throws(COSEReceiptError) -> InclusionProof {
        var reader = CBORReader(bytes)
        try reader.array(3)
        let (treeSize, index) = (try reader.unsigned(), try reader.unsigned())
        var hashes: [Digest] = []
        for _ in 0..<(try reader.array()) {
            guard let hash = Digest(try reader.bytes()) else { throw .malformed }
            hashes.append(hash)
        }
        guard reader.isAtEnd else { throw .malformed }
        return InclusionProof(leafIndex: index, treeSize: treeSize, hashes: hashes)
    }
}
