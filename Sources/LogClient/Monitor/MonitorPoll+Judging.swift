// SPDX-License-Identifier: Apache-2.0

import Merkle
import SignedNote

extension MonitorPoll {
    // MARK: Times

    /// The time before which no leaf can be that the newest head has not got.
    var floorMS: UInt64 {
        let granularity = monitor.limits.granularityMS
        let own = granularity + LogMonitor.Limits.commitAllowanceMS
        let witnessed = granularity + LogMonitor.Limits.clockAllowanceMS
        return max(
            max(state.treeHeadMS, own) - own, max(state.cosignedMS, witnessed) - witnessed)
    }

    mutating func judgeTimes(of sighting: Sighting) {
        let (point, opened) = (sighting.point.name, sighting.opened)
        state.sizes[point] = max(state.sizes[point] ?? 0, opened.head.size)
        let treeHeadMS = monitor.pinned.treeHeadMS(of: opened)
        let cosignedMS = monitor.pinned.cosignedMS(of: opened)
        if opened.head == known?.head {
            state.treeHeadMS = max(state.treeHeadMS, treeHeadMS)
            state.cosignedMS = max(state.cosignedMS, cosignedMS)
        }
        let signedMS = max(treeHeadMS, cosignedMS)
        guard signedMS > 0 else {
            if monitor.limits.maxAgeMS != nil {
                report(
                    .undated, at: point,
                    "no line with a time is by a pinned key, so the head's age is not known")
            }
            return
        }
        if signedMS > nowMS, signedMS - nowMS > LogMonitor.Limits.clockAllowanceMS {
            report(
                .headAhead, at: point, "the head is signed \((signedMS - nowMS) / 1000) s ahead",
                size: opened.head.size)
        }
        if let limit = monitor.limits.maxAgeMS, nowMS > signedMS, nowMS - signedMS > limit {
            report(
                .stale, at: point,
                "no head was signed for \((nowMS - signedMS) / 1000) s, and \(limit / 1000) s are "
                    + "allowed", size: opened.head.size)
        }
    }

    mutating func judgeWitnesses(_ sightings: [Sighting]) {
        guard let known, !sightings.isEmpty else { return }
        let same = sightings.filter { $0.opened.head == known.head }
        guard !same.isEmpty, !same.contains(where: { monitor.pinned.isWitnessed($0.opened) })
        else { return }
        report(
            .unwitnessed,
            "the head of size \(known.head.size) lacks cosignatures that the policy "
                + "asks for", size: known.head.size)
    }

    // MARK: Telling

    /// Tells of something that lasts, unless it was told of before.
    mutating func report(
        _ kind: MonitorEvent.Kind, at point: String? = nil, _ detail: String, size: UInt64? = nil,
        evidence: ForkEvidence? = nil
    ) {
        let condition = MonitorState.Condition(kind: kind, point: point)
        guard current.insert(condition).inserted, !before.contains(condition) else { return }
        events.append(MonitorEvent(kind, at: point, detail, size: size, evidence: evidence))
    }

    mutating func reportFork(_ evidence: ForkEvidence, at point: String) {
        report(
            .fork, at: point,
            "the log has signed two heads that no single history has; the evidence proves it",
            size: evidence.size, evidence: evidence)
    }

    mutating func report(_ error: any Error, at point: String) {
        guard let error = error as? VerifyError else {
            return report(.unreachable, at: point, "\(error)")
        }
        let kind: MonitorEvent.Kind =
            if case .missingTile = error { .notServed } else { .altered }
        report(kind, at: point, "\(error)")
    }

    /// What was told of and is no more is over, except a fork: that is for ever.
    mutating func finish() -> LogMonitor.Outcome {
        let polled = Set(points.map(\.name))
        for old in before.subtracting(current) {
            if old.kind == .fork {
                current.insert(old)
                continue
            }
            // Of a place that did not answer nothing else is known.
            let silent = MonitorState.Condition(kind: .unreachable, point: old.point)
            if old.point != nil, current.contains(silent) {
                current.insert(old)
            } else if old.point.map(polled.contains) ?? true {
                events.append(
                    MonitorEvent(
                        .cleared, at: old.point, "\(old.kind.rawValue) is over"))
            }
        }
        state.conditions = current
        return LogMonitor.Outcome(
            events: events, state: state, tiles: shelf.tiles, head: known?.head ?? .empty)
    }
}
