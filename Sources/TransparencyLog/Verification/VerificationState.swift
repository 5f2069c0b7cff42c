// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// How far a verification has come, and what it has found.
struct VerificationState: Sendable {
    var walk: ChainWalk
    var tree: TreeWalk
    var findings = FindingList()
    var missing = MissingPayloads()
    var openedCount: UInt64 = 0
    var importedCount: UInt64 = 0
    /// Where the walk ends: the range's end, or before that where nothing can be read any more.
    var end: UInt64
    let storedSize: UInt64

    /// Takes parts that were checked by themselves, in order.
    mutating func take(_ parts: [CheckedPart], _ check: PartCheck) throws(StoreError) {
        for part in parts where part.places.lowerBound < end {
            if isSound(part) {
                walk.pass(part)
                try tree.append(part.leafHashes, check.source.reader)
                take(part.payloads, check.keys)
            } else {
                try goThrough(part.places, check)
            }
        }
    }

    /// Whether a part may be taken as it is: its first link rests on the MAC that was computed.
    private func isSound(_ part: CheckedPart) -> Bool {
        part.isClean && walk.isSteady && part.shift == walk.shift
            && part.places.lowerBound == walk.place
            && (part.precedingMAC == nil
                ? walk.place == 0 : walk.keys.areBlind || part.precedingMAC == walk.previous)
            && part.firstTimestampMS >= walk.lastTimestampMS
    }

    /// Goes through a part entry by entry, to say what is wrong in it.
    private mutating func goThrough(
        _ places: Range<UInt64>, _ check: PartCheck
    ) throws(StoreError) {
        let reader = check.source.reader
        let leaves = LeafWindow(reader: reader, size: storedSize)
        let entries = check.records.map {
            EntryCheck(source: check.source, keys: check.keys, records: $0, leaves: leaves)
        }
        var (hashes, payloads) = ([Digest](), CheckedPayloads())
        for place in places {
            let leaf = try read(place, check.source, leaves)
            guard place < end else { break }
            if let leaf {
                if let broken = walk.step(leaf, among: leaves) { findings.add(broken) }
                // A leaf that is wrong itself says nothing of its payload, and what a payload under
                // such a leaf says of others is not the log's word.
                let facts = payloads.facts.count
                for finding in try entries?.check(place, leaf, &payloads) ?? []
                where walk.isLinked || finding.verdict == .derivedColumnMismatch {
                    findings.add(finding)
                }
                if !walk.isLinked { payloads.facts.removeSubrange(facts...) }
            } else {
                walk.passUnreadable()
            }
            guard let hash = leaf?.hash ?? Self.storedHash(place, reader) else {
                try tree.append(hashes, reader)
                hashes = []
                tree.breakOff()
                continue
            }
            hashes.append(hash)
        }
        try tree.append(hashes, reader)
        take(payloads, check.keys)
    }

    /// A leaf; nil if it is missing, which is noted, and where all that follow are missing too, ends
    /// the walk.
    private mutating func read(
        _ place: UInt64, _ source: any VerificationSource, _ leaves: LeafWindow
    ) throws(StoreError) -> Leaf? {
        var finding = VerificationFinding(
            .sequenceGap, place, "leaf", "the leaf is missing or cut short")
        do throws(StoreError) {
            if let leaf = try source.reader.leaves(place..<place + 1).first { return leaf }
        } catch {
            if !EntryCheck.isOfRow(error) {
                finding = try EntryCheck.finding(error, place, "leaf")
            }
        }
        if finding.verdict == .sequenceGap, leaves.endsBefore(place) {
            end = place
            finding.verdict = .truncatedTail(expected: storedSize, found: place)
            finding.message = "all entries from here on are missing"
        }
        findings.add(finding)
        return nil
    }

    /// The tree's own hash of a leaf that cannot be read.
    private static func storedHash(_ place: UInt64, _ reader: any LogReader) -> Digest? {
        guard let tile = try? reader.hashTile(level: 0, index: place / 256) else { return nil }
        let start = Int(place % 256) * Digest.byteCount
        guard tile.count >= start + Digest.byteCount else { return nil }
        return Digest(tile[start..<start + Digest.byteCount])
    }

    private mutating func take(_ payloads: CheckedPayloads, _ keys: VerificationKeys) {
        openedCount += payloads.openedCount
        importedCount += payloads.importedCount
        for index in payloads.missing { missing.add(index) }
        for field in payloads.erasedFields {
            missing.add(field.name, of: field.index, announcedBy: field.by)
        }
        for (index, fact) in payloads.facts { take(fact, at: index, keys) }
    }

    /// Acts upon what a record of the log's own says, which is bound to its leaf.
    mutating func take(_ fact: GovernanceFact, at index: UInt64, _ keys: VerificationKeys) {
        switch fact {
        case .created: break
        case .removed(let removals): missing.explain(removals, by: index)
        case .pruned(let removals): missing.explain(removals, by: index, asPruned: true)
        case .lost(let range): missing.explainLoss(of: range, by: index)
        case .rotated(let number, let checkValue):
            guard !keys.epochs.isEmpty else { return }
            let epoch =
                keys.epochs.indices.contains(Int(clamping: number))
                ? keys.epochs[Int(number)] : nil
            guard epoch?.checkValue != checkValue || epoch?.first != index + 1 else { return }
            findings.add(
                VerificationFinding(
                    .wrongKey, index + 1, "chain key",
                    "epoch \(number) begins here under a key that the schedule does not have"))
        }
    }

    /// Where to go on from later; nil once anything was found, or where the tree is not known.
    func position(from: UInt64, isDeep: Bool) -> VerificationPosition? {
        guard findings.isEmpty, !tree.isBroken, tree.faults.isEmpty, walk.isSteady,
            walk.shift == 0, walk.place > 0, let mac = walk.previous
        else { return nil }
        return VerificationPosition(
            from: from, head: tree.edge.head, lastMAC: mac,
            lastTimestampMS: walk.lastTimestampMS, isDeep: isDeep,
            missing: missing)
    }
}
