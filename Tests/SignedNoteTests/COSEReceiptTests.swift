// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Merkle
import Testing

@testable import SignedNote

@Suite("COSE receipts")
struct COSEReceiptTests {
    private let signer: ReceiptSigner

    init() throws {
        let scalar = SecretBytes(copying: [UInt8](repeating: 5, count: 32))
        signer = ReceiptSigner(
            origin: "log.example.com/audit", ecdsa: try P256PrivateKey(scalar: scalar))
    }

    private static func leaf(_ index: Int) -> [UInt8] { Array("leaf \(index)".utf8) }

    /// The head and the proof of a leaf in a tree of `size` leaves, by the reference tree.
    private static func proof(_ index: Int, _ size: Int) -> (InclusionProof, TreeHead) {
        let tree = ReferenceTree(leaves: (0..<size).map { leaf($0) })
        let proof = InclusionProof(
            leafIndex: UInt64(index), treeSize: UInt64(size),
            hashes: tree.inclusionProof(index: index, size: size))
        return (proof, TreeHead(size: UInt64(size), root: tree.root(size: size)))
    }

    private func receipt(_ index: Int, _ size: Int) throws -> COSEReceipt {
        let (proof, head) = Self.proof(index, size)
        return try signer.sign(leaf: Self.leaf(index), proof: proof, in: head)
    }

    @Test("CBOR's heads are the shortest, as in RFC 8949's appendix A")
    func cbor() {
        let numbers: [(Int64, String)] = [
            (0, "00"), (10, "0a"), (23, "17"), (24, "1818"), (100, "1864"), (1000, "1903e8"),
            (1_000_000, "1a000f4240"), (1_000_000_000_000, "1b000000e8d4a51000"), (-1, "20"),
            (-10, "29"), (-100, "3863"), (-1000, "3903e7"), (395, "19018b"),
            (-65537, "3a00010000"),
        ]
        for (number, hex) in numbers {
            var writer = CBORWriter()
            writer.integer(number)
            #expect(Hex.encode(writer.encoded) == hex)
        }
        var writer = CBORWriter()
        writer.unsigned(.max)
        writer.text("\u{6c34}")
        writer.bytes([1, 2, 3, 4])
        writer.array(0)
        writer.map(0)
        writer.null()
        #expect(Hex.encode(writer.encoded) == "1bffffffffffffffff63e6b0b4440102030480a0f6")
    }

    @Test("The key's name is its COSE Key Thumbprint: the example of RFC 9679")
    func thumbprint() throws {
        let spki =
            "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
            + "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
            + "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"
        let der = try #require(Hex.decode(spki))
        let key = try #require(ReceiptKey(spki: der))
        #expect(key.id.hex == "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec")
        #expect(
            Hex.encode(key.keySet) == "81a60102025820\(key.id.hex)0326200121582065eda5a12577c2bae8"
                + "29437fe338701a10aaa375e1bb5b5de108de439c08551d2258201e52ed75701163f7f9e40ddf9f"
                + "341b3dc9ba860af7e0ca7ca7e9eecd0084d19c")
    }

    @Test("Every leaf of every small tree: sign, write, parse, open")
    func everyLeaf() throws {
        for size in 1...17 {
            for index in 0..<size {
                let bytes = try receipt(index, size).serialized
                let parsed = try COSEReceipt(parsing: bytes)
                let head = try parsed.open(issuer: signer.issuer, key: signer.key)
                #expect(head == Self.proof(index, size).1)
                #expect(parsed.leaf == Self.leaf(index) && parsed.claims.index == UInt64(index))
            }
        }
        // The empty path of a tree of one leaf is an empty array.
        #expect(try receipt(0, 1).proof.hashes.isEmpty)
    }

    @Test("The layout, to the byte")
    func layout() throws {
        let receipt = try receipt(0, 1)
        let id = signer.key.id.hex
        let issuer = Hex.encode(Array("https://log.example.com/audit".utf8))
        let protected = "a40126045820\(id)0fa301781d\(issuer)0261303a000100000119018b01"
        let leaf = Hex.encode(Self.leaf(0))
        #expect(
            Hex.encode(receipt.serialized) == "d2845855\(protected)a219018ca1208144" + "83010080"
                + "3a0001000146\(leaf)f65840" + Hex.encode(receipt.signature))
        let root = Self.proof(0, 1).1.root.hex
        #expect(
            Hex.encode(
                COSEReceipt.message(
                    receipt.claims, keyID: receipt.keyID, root: .leafHash(Self.leaf(0))))
                == "846a5369676e6174757265315855\(protected)405820\(root)")
    }

    private struct Vector: Decodable {
        let spki_base64, kid, key_set, issuer, root, leaf, tbs, receipt: String
        let index, tree_size: UInt64
    }

    @Test("The vector, which other code made, is read, opened, and written again")
    func vector() throws {
        let vector = try Vectors.decode(Vector.self, from: "cose-receipt")
        let spki = try #require(Base64.decode(vector.spki_base64))
        let key = try #require(ReceiptKey(spki: spki))
        #expect(key.id.hex == vector.kid && Hex.encode(key.keySet) == vector.key_set)
        let bytes = try #require(Hex.decode(vector.receipt))
        let receipt = try COSEReceipt(parsing: bytes)
        let head = try receipt.open(issuer: vector.issuer, key: key)
        #expect(head.size == vector.tree_size && head.root.hex == vector.root)
        #expect(receipt.claims.index == vector.index && Hex.encode(receipt.leaf) == vector.leaf)
        #expect(receipt.serialized == bytes)
        let message = COSEReceipt.message(receipt.claims, keyID: receipt.keyID, root: head.root)
        #expect(Hex.encode(message) == vector.tbs)
    }

    @Test("Every prefix is refused, and every changed bit is refused or does not open")
    func bits() throws {
        let genuine = try receipt(4, 7)
        let bytes = genuine.serialized
        for prefix in everyPrefix(of: bytes) {
            #expect(throws: COSEReceiptError.malformed) { try COSEReceipt(parsing: prefix) }
        }
        #expect(throws: COSEReceiptError.malformed) { try COSEReceipt(parsing: bytes + [0]) }
        for flipped in everyFlippedBit(of: bytes) {
            guard let receipt = try? COSEReceipt(parsing: flipped) else { continue }
            #expect(throws: COSEReceiptError.self) {
                try receipt.open(issuer: signer.issuer, key: signer.key)
            }
        }
    }

    @Test("Longer heads and other orders of the same data are refused")
    func notDeterministic() throws {
        let hex = Hex.encode(try receipt(0, 1).serialized)
        for proof in ["45" + "8318010080", "46" + "839f01ff0080", "45" + "8301008000"] {
            let changed = hex.replacing("208144" + "83010080", with: "2081" + proof)
            #expect(changed != hex)
            let bytes = try #require(Hex.decode(changed))
            #expect(throws: COSEReceiptError.malformed) { try COSEReceipt(parsing: bytes) }
        }
    }

    @Test("Another index or size that the same path fits is found out, and so are other logs")
    func otherPlaces() throws {
        // The path of leaf 4 of 5 is also one of leaf 1 of 2, and of leaf 8 of 9.
        let genuine = try receipt(4, 5)
        for (index, size) in [(1, 2), (8, 9), (4, 6), (3, 5)] as [(UInt64, UInt64)] {
            let moved = InclusionProof(
                leafIndex: index, treeSize: size, hashes: genuine.proof.hashes)
            let unsigned = COSEReceipt(
                claims: genuine.claims, keyID: genuine.keyID, proof: moved, leaf: genuine.leaf,
                signature: genuine.signature)
            #expect(throws: COSEReceiptError.claimsDiffer) {
                try unsigned.open(issuer: signer.issuer, key: signer.key)
            }
            let claimed = COSEReceipt(
                claims: .init(issuer: signer.issuer, index: index, treeSize: size),
                keyID: genuine.keyID, proof: moved, leaf: genuine.leaf,
                signature: genuine.signature)
            #expect(throws: COSEReceiptError.self) {
                try claimed.open(issuer: signer.issuer, key: signer.key)
            }
        }
        #expect(
            throws: COSEReceiptError.wrongIssuer(got: signer.issuer, want: "https://other/log")
        ) { try genuine.open(issuer: "https://other/log", key: signer.key) }
        let other = ReceiptKey(
            try P256PrivateKey(scalar: SecretBytes(copying: [UInt8](repeating: 6, count: 32)))
                .publicKey)
        #expect(throws: COSEReceiptError.unknownKey) {
            try genuine.open(issuer: signer.issuer, key: other)
        }
    }

    @Test("Nothing is signed that its proof does not prove")
    func signing() throws {
        let (proof, head) = Self.proof(2, 6)
        #expect(throws: COSEReceiptError.self) {
            try signer.sign(leaf: Self.leaf(3), proof: proof, in: head)
        }
        #expect(throws: COSEReceiptError.self) {
            try signer.sign(
                leaf: Self.leaf(2), proof: proof, in: TreeHead(size: 6, root: .emptyRoot))
        }
    }
}
