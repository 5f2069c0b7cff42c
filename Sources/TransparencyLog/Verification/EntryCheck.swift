// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage

/// Checks what belongs to one entry besides its place in the chain, and names what is wrong.
struct EntryCheck {
    let source: any VerificationSource
    let keys: VerificationKeys
    let records: any VerificationRecords
    let leaves: LeafWindow

    /// Leaves among which the owner of a foreign payload is looked for.
    private static let reach: UInt64 = 1 << 20

    /// What the payload and the submission at a place come to.
    func check(
        _ place: UInt64, _ leaf: Leaf, _ payloads: inout CheckedPayloads
    ) throws(StoreError) -> [VerificationFinding] {
        var findings: [VerificationFinding] = []
        var owner: String?
        do throws(StoreError) {
            let number = try source.reader.submission(at: place).credential
            owner = try source.reader.credential(number)?.tenant
            if owner == nil {
                findings.append(
                    VerificationFinding(
                        .derivedColumnMismatch, place, "submission",
                        "the submission names a credential that is not there"))
            }
        } catch {
            findings.append(try Self.finding(error, place, "submission"))
        }
        do throws(StoreError) {
            if let content = try source.reader.content(at: place) {
                if let finding = check(content, leaf, owner, place, &payloads) {
                    findings.append(finding)
                }
            } else {
                payloads.missing.append(place)
            }
        } catch {
            findings.append(try Self.finding(error, place, "content"))
        }
        return findings
    }

    /// What the store itself noticed: a row that it understands and finds wrong, or a file that it
    /// cannot read.
    ///
    /// Throws what says nothing of the stored data.
    static func finding(
        _ error: StoreError, _ place: UInt64?, _ column: String
    ) throws(StoreError) -> VerificationFinding {
        switch error.code {
        case .corrupt where isOfRow(error):
            return VerificationFinding(
                .derivedColumnMismatch, place, column,
                "the stored form is damaged, or its checksum is not that of what it holds")
        case .corrupt, .inputOutput, .mismatch:
            return VerificationFinding(.unopenable, place, column, error.message)
        case .outcomeUnknown, .full, .constraint, .locked, .settings, .closed: throw error
        }
    }

    /// Whether the store could read a row and found it wrong; its backend then said nothing.
    static func isOfRow(_ error: StoreError) -> Bool {
        error.code == .corrupt && error.detail.isEmpty
    }

    private func check(
        _ content: StoredContent, _ leaf: Leaf, _ owner: String?, _ place: UInt64,
        _ payloads: inout CheckedPayloads
    ) -> VerificationFinding? {
        guard let record = try? CanonicalRecord(verifying: content.record),
            let made = content.commitment(origin: keys.origin)
        else {
            return VerificationFinding(
                .contentMismatch, place, "record", "the record is not canonical: it was altered")
        }
        guard made == leaf.commitment else { return mismatch(made, place) }
        payloads.noteErased(content, at: place)
        let summary = records.summary(of: record)
        payloads.openedCount += 1
        if summary.isImported { payloads.importedCount += 1 }
        if let fact = summary.fact { payloads.facts.append((place, fact)) }
        if let owner, let tenant = summary.tenant, !tenant.utf8.elementsEqual(owner.utf8) {
            return VerificationFinding(
                .derivedColumnMismatch, place, "credential",
                "the tenant of the submission is not that of the record")
        }
        return nil
    }

    /// A record that is sound in itself and stands at the wrong leaf was moved there.
    private func mismatch(_ made: Digest, _ place: UInt64) -> VerificationFinding {
        let other =
            leaves.first(from: place + 1, reach: Self.reach) { $0.commitment == made }
            ?? leaves.last(before: place, reach: Self.reach) { $0.commitment == made }
        guard let other else {
            return VerificationFinding(
                .contentMismatch, place, "record or seed",
                "they do not make the commitment in the leaf")
        }
        return VerificationFinding(
            .reordered, place, "content", "the record here is the one of index \(other)")
    }
}
