// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClient
import LogCrypto
import Merkle
import SignedNote

/// What a file of evidence came to, as it is printed.
struct BundleOutcome: Encodable {
    let file: String
    var verdict = "verified"
    /// `bundle` or `set`.
    var kind: String?
    var reason: String?
    var origin: String?
    var treeSize: UInt64?
    /// The policy's witnesses that cosigned the tree.
    var witnesses: [String]?
    var index: UInt64?
    var timestampMs: UInt64?
    /// Canonical text of the fields that are shown, by name.
    var members: [String: String]?
    var records: UInt64?
    var shown: [String: UInt64]?
    var withheld: [String: UInt64]?
    var erased: [Erased]?
    var query: String?
    var first: UInt64?
    var end: UInt64?
    var notShown: UInt64?
    var notShownErased: UInt64?
    var showsAll: Bool?
    var reports: [String: String]?
    var vouchedBy: UInt64?
    var sha256: String?

    struct Erased: Encodable {
        let name: String
        let by: UInt64
        let records: UInt64
        /// The erasure record was at hand and lists the field; otherwise it is a claim.
        let proven: Bool
    }

    init(_ file: String, _ failure: CommandFailure) {
        self.file = file
        verdict = failure.status == .tampered ? "tampered" : "unverifiable"
        reason = failure.message
    }

    init(_ file: String, _ finding: BundleCheck.Finding) {
        self.file = file
        switch finding {
        case .bundle(let bundle, let erased): fill(bundle, erased)
        case .set(let set): fill(set)
        }
    }

    private mutating func fill(_ bundle: VerifiedBundle, _ erased: [ErasedFields]) {
        kind = "bundle"
        fill(bundle.proven.checkpoint, bundle.proven.witnesses)
        index = bundle.proven.index
        timestampMs = bundle.proven.leaf.timestampMS
        members = [:]
        for field in bundle.shown {
            members?[field.name] = String(decoding: field.member ?? [], as: UTF8.self)
        }
        shown = Dictionary(uniqueKeysWithValues: bundle.shown.map { ($0.name, 1) })
        withheld = Dictionary(
            uniqueKeysWithValues: bundle.hidden.filter { $0.erasedBy == nil }.map { ($0.name, 1) })
        fill(erased)
    }

    private mutating func fill(_ set: VerifiedBundleSet) {
        kind = "set"
        fill(set.checkpoint, set.witnesses)
        records = set.records
        shown = set.shown
        withheld = set.withheld
        fill(set.erasedFields)
        query = String(decoding: set.header.query.canonical, as: UTF8.self)
        first = set.header.range.lowerBound
        end = set.header.range.upperBound
        notShown = set.skipped
        notShownErased = set.erased
        showsAll = set.showsAll
        reports = [:]
        for report in set.reports {
            reports?[report.kind.rawValue] = String(
                decoding: report.content.canonical, as: UTF8.self)
        }
        vouchedBy = set.vouchedBy
        sha256 = set.digest.hex
    }

    private mutating func fill(_ opened: OpenedCheckpoint, _ names: [String]) {
        origin = opened.checkpoint.origin
        treeSize = opened.checkpoint.head.size
        witnesses = names
    }

    private mutating func fill(_ fields: [ErasedFields]) {
        erased = fields.map {
            Erased(name: $0.name, by: $0.erasedBy, records: $0.count, proven: $0.isProven)
        }
    }

    // MARK: For people

    /// Lines for a terminal; what comes from records cannot move its cursor.
    var lines: [String] {
        guard verdict == "verified" else { return ["\(file): \(reason ?? verdict)"] }
        let under =
            "under a signed tree of \((treeSize ?? 0).grouped)"
            + (witnesses?.isEmpty == false
                ? ", cosigned by \(witnesses?.joined(separator: " ") ?? "")" : "")
        let log = origin ?? ""
        if let records {
            let noun = records == 1 ? "record" : "records"
            return ["\(file): verified: \(records.grouped) \(noun) of \(log), \(under)"]
                + setLines
        }
        return [
            "\(file): verified: record \(index ?? 0) of \(log), "
                + "taken \((timestampMs ?? 0).timeText), \(under)"
        ] + bundleLines
    }

    private var bundleLines: [String] {
        let texts = (members ?? [:]).sorted { $0.key < $1.key }.map {
            Self.row("shown", ShownText.clean($0.value))
        }
        return texts + hiddenLines
    }

    private var setLines: [String] {
        let range = "at \((first ?? 0).grouped) to before \((end ?? 0).grouped)"
        var lines = [Self.row("asked for", ShownText.clean("\(query ?? "{}") \(range)"))]
        let erased = notShownErased.map { $0 > 0 ? ", \($0.grouped) of them erased" : "" } ?? ""
        if showsAll == true {
            lines.append(Self.row("complete", "no index in that range was left out\(erased)"))
        } else {
            lines.append(
                Self.row(
                    "not shown",
                    "\((notShown ?? 0).grouped) of these indexes\(erased): that none of the others "
                        + "matches is the log's word"))
        }
        lines.append(Self.row("shown", Self.counted(shown)))
        lines += hiddenLines
        for (name, content) in (reports ?? [:]).sorted(by: { $0.key < $1.key }) {
            let value = try? JSONValue.parse(Array(content.utf8), limits: .disclosed)
            let said = value?["headline"]?.text ?? "in the file"
            lines.append(Self.row("log's word", ShownText.clean("\(name): \(said)")))
        }
        lines.append(Self.row("recorded", "as record \((vouchedBy ?? 0).grouped) of the log"))
        return lines
    }

    private var hiddenLines: [String] {
        [Self.row("withheld", Self.counted(withheld))]
            + (erased ?? []).map { item in
                let count = item.records == 1 ? "" : " (\(item.records.grouped))"
                return item.proven
                    ? Self.row("erased", "\(item.name)\(count), by record \(item.by)")
                    : Self.row(
                        "claimed",
                        "\(item.name)\(count) erased by record \(item.by), which was not given: "
                            + "--erasure FILE")
            }
    }

    private static func counted(_ names: [String: UInt64]?) -> String {
        guard let names, !names.isEmpty else { return "nothing" }
        return names.sorted { $0.key < $1.key }.map { name, count in
            count == 1 ? name : "\(name) (\(count.grouped))"
        }.joined(separator: " ")
    }

    private static func row(_ name: String, _ text: String) -> String {
        "  " + ShownText.fit(name, 11) + text
    }
}
