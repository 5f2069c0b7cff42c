// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// What one part of a log came to, checked by itself.
struct CheckedPart: Sendable {
    let places: Range<UInt64>
    /// The shift that the indexes were checked under.
    let shift: Int64
    /// Whether nothing at all was wrong; if not, only `places` means anything.
    var isClean = false
    /// The stored MAC before the part, on which its first link rests; nil at the log's beginning.
    var precedingMAC: Digest?
    var leafHashes: [Digest] = []
    var lastMAC = Digest.emptyRoot
    var firstTimestampMS: UInt64 = 0
    var lastTimestampMS: UInt64 = 0
    var linkedCount: UInt64 = 0
    var payloads = CheckedPayloads()
}

/// What the payloads of a part came to.
struct CheckedPayloads: Sendable {
    var openedCount: UInt64 = 0
    var importedCount: UInt64 = 0
    var missing: [UInt64] = []
    /// Fields that were erased, and the records that are said to announce it.
    var erasedFields: [(index: UInt64, name: String, by: UInt64)] = []
    var facts: [(index: UInt64, fact: GovernanceFact)] = []
}

extension CheckedPayloads {
    mutating func noteErased(_ content: StoredContent, at index: UInt64) {
        for field in content.erased { erasedFields.append((index, field.name, field.by)) }
    }
}

/// Checks a part of a log by itself: links, times, commitments and owners.
///
/// It rests on the stored MAC before the part, which whoever puts parts together compares. It does
/// not say what is wrong: a part that is not clean is gone through again, entry by entry.
struct PartCheck: Sendable {
    let source: any VerificationSource
    let keys: VerificationKeys
    /// Nil if payloads are not to be opened.
    let records: (any VerificationRecords)?

    /// Entries that are read at a time.
    private static let portion: UInt64 = 256

    func check(_ places: Range<UInt64>, shift: Int64) -> CheckedPart {
        var part = CheckedPart(places: places, shift: shift)
        part.leafHashes.reserveCapacity(places.count)
        var credentials: [UInt32: String] = [:]
        do {
            var previous = keys.genesis
            if places.lowerBound > 0 {
                let before = try source.reader.leaves(places.lowerBound - 1..<places.lowerBound)
                guard let mac = before.first?.mac else { return part }
                previous = mac
                part.precedingMAC = mac
            }
            for start in stride(
                from: places.lowerBound, to: places.upperBound, by: Int(Self.portion))
            {
                let portion = start..<min(start + Self.portion, places.upperBound)
                let leaves = try source.reader.leaves(portion)
                guard leaves.count == portion.count,
                    link(leaves, portion, &previous, &part),
                    try records.map({ try check(leaves, portion, $0, &part, &credentials) })
                        ?? true
                else { return part }
            }
        } catch {
            return part
        }
        part.isClean = true
        return part
    }

    /// Whether the leaves follow one another.
    private func link(
        _ leaves: [Leaf], _ places: Range<UInt64>, _ previous: inout Digest?,
        _ part: inout CheckedPart
    ) -> Bool {
        for (place, leaf) in zip(places, leaves) {
            if place == part.places.lowerBound {
                part.firstTimestampMS = leaf.timestampMS
                part.lastTimestampMS = leaf.timestampMS
            }
            guard leaf.timestampMS >= part.lastTimestampMS,
                leaf.timestampMS % keys.granularityMS == 0
            else { return false }
            let index = UInt64(truncatingIfNeeded: Int64(place) + part.shift)
            if let key = keys.key(at: index), let before = previous {
                guard
                    Digest.constantTimeEquals(
                        ChainWalk.mac(key, index, leaf, after: before), leaf.mac)
                else { return false }
                part.linkedCount += 1
            }
            previous = leaf.mac
            part.lastMAC = leaf.mac
            part.lastTimestampMS = leaf.timestampMS
            part.leafHashes.append(leaf.hash)
        }
        return true
    }

    private func check(
        _ leaves: [Leaf], _ places: Range<UInt64>, _ records: any VerificationRecords,
        _ part: inout CheckedPart, _ credentials: inout [UInt32: String]
    ) throws -> Bool {
        var contents = try source.contents(places)[...]
        let submissions = try source.submissions(places)
        guard submissions.count == leaves.count else { return false }
        for (place, leaf) in zip(places, leaves) {
            let number = submissions[Int(place - places.lowerBound)].credential
            guard let owner = try tenant(of: number, &credentials) else { return false }
            guard let next = contents.first, next.index == place else {
                part.payloads.missing.append(place)
                continue
            }
            contents.removeFirst()
            guard let record = try? CanonicalRecord(verifying: next.content.record),
                next.content.commitment(origin: keys.origin) == leaf.commitment
            else { return false }
            part.payloads.noteErased(next.content, at: place)
            let summary = records.summary(of: record)
            guard summary.tenant.map({ $0.utf8.elementsEqual(owner.utf8) }) ?? true else {
                return false
            }
            part.payloads.openedCount += 1
            if summary.isImported { part.payloads.importedCount += 1 }
            if let fact = summary.fact { part.payloads.facts.append((place, fact)) }
        }
        return contents.isEmpty
    }

    private func tenant(
        of number: UInt32, _ known: inout [UInt32: String]
    ) throws -> String? {
        if let tenant = known[number] { return tenant }
        let tenant = try source.reader.credential(number)?.tenant
        known[number] = tenant
        return tenant
    }
}
