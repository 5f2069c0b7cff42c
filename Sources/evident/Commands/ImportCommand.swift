// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import AuditRecords
import Foundation
import LogStorage

/// `evident import`: events of other systems as records.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import audit records of other systems, each exactly once.",
        discussion: """
            Every record says that it was imported, from where, and when its system says that it
            happened. Nothing is back-dated: the log proves that the records were there when they
            were imported. Each has an identifier that follows from the event, so that a second
            import of the same file, with the same token, adds nothing.

              kerno        kerno's audit log, version 1 (NDJSON)
              weaver       weaver-kernel's ActionTraces: its JSONL store, or an export
              cloudevents  CloudEvents 1.0 in JSON: lines, an array, or one event
              ndjson       any objects, one a line, by --mapping (docs/import.md)

            EXAMPLES
              evident import kerno-audit.jsonl --format kerno --dry-run
              evident import kerno-audit.jsonl --format kerno --token-file token
              evident import old.ndjson --format ndjson --mapping old.yaml --token-file token \\
                --rejects refused.ndjson

            Exit status 2 means that some events were refused; they are listed. What has been done
            is kept in FILE.evident-import: after a failure, run the command again.
            """)

    @Argument(help: "The file; - for standard input, one event a line.")
    var file: String

    @Option(help: "kerno, weaver, cloudevents or ndjson.")
    var format: ImportFormat

    @Option(help: "With ndjson: the file that says which member comes from where.")
    var mapping: String?

    @Option(help: "With ndjson: the name of where the events come from. [the file's name]")
    var source: String?

    @Option(help: "Whose records they are; needed by a token for many tenants.")
    var tenant: String?

    @OptionGroup var server: ServerOptions

    @Option(help: "A folder for the receipts: DIR/<line>.json.")
    var receipts: String?

    @Option(help: "A new file for refused events, as they were and why; only you may read it.")
    var rejects: String?

    @Option(help: "Events in one request; 1 sends each by itself.")
    var batch = 100

    @Option(help: "Where to keep what has been done. [FILE.evident-import]")
    var state: String?

    @Option(help: "The log's verifier key; without it, the key of the first answer is pinned.")
    var vkey: String?

    @Flag(help: "Ask no log: count, and show the first records as they would be kept.")
    var dryRun = false

    @Option(help: "With --dry-run: how many records to show.")
    var show = 3

    @Option(help: "With --dry-run: standard, none, or the redaction policy that the log has.")
    var policy = "standard"

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        try SubmitJob.check(batch: batch, tenant: tenant)
        guard file != "-" || state != nil || dryRun else {
            throw ValidationError("standard input needs --state FILE, to go on after a failure")
        }
        guard (format == .ndjson) == (mapping != nil) else {
            throw ValidationError("--mapping FILE goes with --format ndjson, and is needed there")
        }
        guard format == .ndjson || source == nil else {
            throw ValidationError("--source goes with --format ndjson: other formats say it")
        }
        guard format != .ndjson || file != "-" || source != nil else {
            throw ValidationError("standard input needs --source NAME")
        }
        guard show >= 0 else { throw ValidationError("--show is 0 or more") }
    }

    func run() async throws {
        let adapter = try eventAdapter()
        if let document = try format.document(file) {
            var reader = try format.reader(of: document)
            try await run(&reader, adapter)
        } else {
            var reader = try LineReader(file)
            try await run(&reader, adapter)
        }
    }

    private func run(
        _ reader: inout some EventReader & ~Copyable, _ adapter: EventAdapter
    ) async throws {
        let adapt = lineAdapter(adapter)
        guard !dryRun else { return try preview(&reader, adapt) }
        let job = SubmitJob(
            verb: "import", server: server, statePath: state ?? "\(file).evident-import",
            vkey: vkey, receipts: receipts, batch: batch, json: json, adapt: adapt,
            rejects: rejects)
        try await job.run(&reader)
    }

    // MARK: Mapping

    private func eventAdapter() throws -> EventAdapter {
        switch format {
        case .kerno: return .kerno
        case .weaver: return .weaver
        case .cloudevents: return .cloudEvents
        case .ndjson:
            let name = source ?? URL(fileURLWithPath: file).lastPathComponent
            return .mapped(try MappingFile.load(mapping ?? ""), source: name)
        }
    }

    private func lineAdapter(_ adapter: EventAdapter) -> LineAdapter {
        LineAdapter { [tenant] line, number throws(LineAdapter.Refusal) in
            do throws(RecordError) {
                var event = try adapter.record(from: line, number: number)
                if let tenant { event = event.belonging(to: tenant) }
                return .init(record: event.record.canonical, isExact: event.isExact ?? true)
            } catch {
                throw LineAdapter.Refusal(code: error.code.rawValue, detail: error.detail)
            }
        }
    }

    // MARK: Dry run

    private func preview(
        _ reader: inout some EventReader & ~Copyable, _ adapt: LineAdapter
    ) throws {
        let bar = ProgressBar("import", total: reader.size)
        var preview = try ImportPreview(
            adapt, policy: policy, tenant: tenant ?? "default", shown: json ? 0 : show,
            rejects: rejects.map { (path) throws in try RejectFile(path) })
        try preview.run(&reader, bar)
        bar.finish()
        let summary = preview.summary
        if json {
            try Terminal.print(json: summary)
        } else {
            say(summary)
        }
        try (summary.refused.isEmpty ? ExitStatus.ok : .unverifiable).end()
    }

    private func say(_ summary: ImportPreview.Summary) {
        for refusal in summary.refused {
            Terminal.say("line \(refusal.line): \(refusal.code)  \(refusal.detail)")
        }
        let refused = UInt64(summary.refused.count) + summary.refusedMore
        Terminal.say(
            "\(summary.events.grouped) events: \(summary.records.grouped) would be records, "
                + "\(refused.grouped) would be refused; nothing was sent")
        for (type, count) in summary.types.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            Terminal.say("  \(count.grouped)  \(type)")
        }
        let rules = summary.redactions.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.key) \($0.value.grouped)" }.joined(separator: ", ")
        if !rules.isEmpty { Terminal.say("redaction takes out: \(rules)") }
        if summary.inexact > 0 {
            Terminal.say("\(summary.inexact.grouped) will not be exported byte for byte")
        }
    }
}
