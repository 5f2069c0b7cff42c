// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogClient
import LogCrypto
import LogStorage
import Merkle
import SignedNote

/// `evident verify receipt`: receipts, offline.
struct VerifyReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Verify receipts offline.",
        discussion: """
            EXAMPLES
              evident verify receipt receipt.json --vkey KEY
              evident verify receipt receipts/*.json --vkey KEY --json
              evident verify receipt receipt.json --policy witnesses.policy
              evident verify receipt receipt.cose --vkey KEY --receipt-key SPKI
            """)

    @Argument(help: "Files, each a receipt, as JSON or as COSE.")
    var files: [String]

    @OptionGroup var keys: KeyOptions

    @Option(
        help: """
            For COSE receipts: the log's key es256-receipt, SubjectPublicKeyInfo in base64 \
            (spki). [EVIDENT_RECEIPT_KEY]
            """)
    var receiptKey: String?

    @Flag(help: "Print one line of JSON for each file.")
    var json = false

    /// One file's outcome.
    struct Outcome: Encodable {
        let file: String
        let verdict: String
        var reason: String?
        var index: UInt64?
        var timestampMs: UInt64?
        var treeSize: UInt64?
        var origin: String?
        /// `erased`, if the log said so when it gave the receipt.
        var content: String?
        /// The policy's witnesses that cosigned the tree.
        var witnesses: [String]?
    }

    func run() async throws {
        let check = ReceiptCheck(try keys.pinned(ProcessInfo.processInfo.environment))
        let coseKey = try pinnedReceiptKey()
        var worst = ExitStatus.ok
        for file in files {
            let outcome: Outcome
            do throws(CommandFailure) {
                outcome = try verify(file, check, coseKey)
            } catch {
                try show(file, error)
                worst = Self.worse(worst, error.status)
                continue
            }
            try show(outcome)
        }
        try worst.end()
    }

    private func verify(
        _ file: String, _ check: ReceiptCheck, _ coseKey: ReceiptKey?
    ) throws(CommandFailure) -> Outcome {
        let bytes = try Self.read(file)
        if COSEReceipt.isLikely(bytes) { return try verify(file, cose: bytes, check, coseKey) }
        let receipt: Receipt
        do {
            receipt = try Receipt(parsing: bytes)
        } catch {
            throw CommandFailure(.unverifiable, "it is not a receipt (\(error))")
        }
        let verified = try check.verify(receipt)
        return Outcome(
            file: file, verdict: "verified", index: receipt.index,
            timestampMs: receipt.timestampMS,
            treeSize: verified.proven.checkpoint.checkpoint.head.size,
            origin: check.pinned.origin.text, content: receipt.isErased ? "erased" : nil,
            witnesses: verified.proven.witnesses)
    }

    private func verify(
        _ file: String, cose bytes: [UInt8], _ check: ReceiptCheck, _ key: ReceiptKey?
    ) throws(CommandFailure) -> Outcome {
        guard let key else {
            throw CommandFailure(
                .unverifiable,
                "a COSE receipt needs the log's receipt key: --receipt-key SPKI (the operator has"
                    + " it; /v1/log names it es256-receipt)")
        }
        let receipt: COSEReceipt
        do {
            receipt = try COSEReceipt(parsing: bytes)
        } catch {
            throw CommandFailure(.unverifiable, "it is not a receipt (\(error))")
        }
        let verified = try check.verify(receipt, key: key)
        return Outcome(
            file: file, verdict: "verified", index: verified.index,
            timestampMs: verified.leaf.timestampMS, treeSize: verified.head.size,
            origin: check.pinned.origin.text)
    }

    private func pinnedReceiptKey() throws(CommandFailure) -> ReceiptKey? {
        let text = receiptKey ?? ProcessInfo.processInfo.environment["EVIDENT_RECEIPT_KEY"] ?? ""
        guard !text.isEmpty else { return nil }
        guard let key = Base64.decode(text).flatMap({ ReceiptKey(spki: $0) }) else {
            throw .usage(
                "\(text.quoted) is not a receipt key",
                advice: "It is the spki of es256-receipt in /v1/log: 124 characters of base64.")
        }
        return key
    }

    private static func read(_ file: String) throws(CommandFailure) -> [UInt8] {
        do {
            guard let found = try PrivateFile.read(file, followingLinks: true) else {
                throw FileError(.missing, file, "there is no such file")
            }
            return found
        } catch {
            throw CommandFailure(.inputOutput, "\(error)")
        }
    }

    private func show(_ outcome: Outcome) throws {
        if json { return try Terminal.print(json: outcome) }
        let time = (outcome.timestampMs ?? 0).timeText
        Terminal.print(
            "\(outcome.file): verified: record \(outcome.index ?? 0) of \(outcome.origin ?? ""), "
                + "taken \(time), under a signed tree of \(outcome.treeSize ?? 0)"
                + Self.cosigned(by: outcome.witnesses ?? [])
                + (outcome.content == nil ? "" : "; the log has erased its content since"))
    }

    private func show(_ file: String, _ failure: CommandFailure) throws {
        let verdict = failure.status == .tampered ? "tampered" : "unverifiable"
        if json {
            return try Terminal.print(
                json: Outcome(file: file, verdict: verdict, reason: failure.message))
        }
        Terminal.print("\(file): \(failure.message)")
    }

    /// Who else vouches for the tree.
    static func cosigned(by witnesses: [String]) -> String {
        witnesses.isEmpty ? "" : ", cosigned by " + witnesses.joined(separator: ", ")
    }

    /// The status that says more about a set of files: evidence before doubt before trouble.
    static func worse(_ left: ExitStatus, _ right: ExitStatus) -> ExitStatus {
        let order: [ExitStatus] = [.tampered, .inputOutput, .unverifiable, .ok]
        return order.first { $0 == left || $0 == right } ?? left
    }
}

extension UInt64 {
    /// Milliseconds since 1970 as RFC 3339 in UTC.
    var timeText: String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return formatter.string(from: Date(timeIntervalSince1970: Double(self) / 1_000))
    }
}
