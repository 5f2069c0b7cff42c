// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import AuditRecords
import Glibc
import LogCrypto
import LogStorage

/// `evident redact`: what a policy would take out of records, without a log.
struct RedactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redact",
        abstract: "Show what redaction would take out of records.",
        discussion: """
            Prints the rule, the place and the number of every find, never what was found. With
            --output the records are written as the log would take them. Tokens are made under a
            key of this run alone: they stand for nothing elsewhere.

            EXAMPLES
              evident redact events.ndjson
              evident redact - --policy redaction.yaml --output redacted.ndjson < events.ndjson
              evident redact --policy redaction.yaml --check
            """)

    @Argument(help: "The file, one JSON object a line; - for standard input.")
    var file: String?

    @Option(help: "The policy; without it, what a log does unless configured otherwise.")
    var policy: String?

    @Option(help: "The tenant whose additions apply.")
    var tenant = "default"

    @Option(help: "Write the redacted records to this file; - for standard output.")
    var output: String?

    @Flag(help: "Only compile the policy and run its samples.")
    var check = false

    @Flag(help: "Print each find as a line of JSON.")
    var json = false

    /// More than any log takes.
    private static let limits = JSONLimits(byteCount: LineReader.limit)

    func validate() throws {
        guard check || file != nil else { throw ValidationError("name a file, or - ") }
        guard !check || (file == nil && output == nil) else {
            throw ValidationError("--check reads no records")
        }
        guard output != "-" || !json else {
            throw ValidationError("--json and --output - share standard output; use one")
        }
    }

    func run() throws {
        let rules = try policy.map { (path) throws in try RedactionSection.load(path) } ?? .standard
        let redactor = try RedactionSection.redactor(
            rules, tokenKey: .random(), path: policy ?? "the standard policy")
        let identity = redactor.identity
        Terminal.say("policy \(identity.id) version \(identity.version), \(identity.digest)")
        guard let file else {
            Terminal.say("evident: the policy is good")
            return
        }
        var summary = Summary()
        let writer = try RecordOutput(output)
        var reader = try LineReader(file)
        while let line = try reader.next() {
            summary.lines += 1
            switch line {
            case .tooLong: summary.refuse("is too long")
            case .text(let bytes) where bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }): break
            case .text(let bytes):
                let result = Result { () throws(RecordError) in
                    try redactor.preview(bytes, tenant: tenant, limits: Self.limits)
                }
                switch result {
                case .failure(let error): summary.refuse("is no record: \(error)")
                case .success(let preview):
                    try show(preview.findings, &summary)
                    try writer.write(preview.findings.isEmpty ? bytes : preview.record)
                }
            }
        }
        Terminal.say(summary.text)
        if summary.refused > 0 { try ExitStatus.unverifiable.end() }
    }

    private func show(_ findings: [RedactionFinding], _ summary: inout Summary) throws {
        if !findings.isEmpty { summary.changed += 1 }
        for finding in findings {
            summary.counts[finding.rule, default: 0] += finding.count
            guard output != "-" else { continue }
            if json {
                try Terminal.print(json: FindingLine(summary.lines, finding))
            } else {
                Terminal.print(
                    "line \(summary.lines): \(finding.path): \(finding.rule) × \(finding.count)")
            }
        }
    }

    /// What was seen, and what would change.
    private struct Summary {
        var lines = 0
        var changed = 0
        var refused = 0
        var counts: [String: Int] = [:]

        mutating func refuse(_ why: String) {
            refused += 1
            Terminal.say("line \(lines) \(why)")
        }

        var text: String {
            let rules = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key) \($0.value.grouped)" }.joined(separator: ", ")
            return "\(changed.grouped) of \(lines.grouped) lines would change"
                + (rules.isEmpty ? "" : ": " + rules)
        }
    }

    private struct FindingLine: Encodable {
        let line: Int
        let path: String
        let rule: String
        let count: Int

        init(_ line: Int, _ finding: RedactionFinding) {
            self.line = line
            path = finding.path
            rule = finding.rule
            count = finding.count
        }
    }
}

/// A file of records, one a line, which only its owner may read; or standard output.
private struct RecordOutput: ~Copyable {
    private let descriptor: Int32?
    private let path: String

    /// Writes nothing without a path.
    init(_ path: String?) throws(FileError) {
        self.path = path ?? ""
        guard let path, path != "-" else {
            descriptor = path == nil ? nil : STDOUT_FILENO
            return
        }
        let opened = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw .system("open", path) }
        descriptor = opened
    }

    deinit {
        if let descriptor, descriptor != STDOUT_FILENO { close(descriptor) }
    }

    func write(_ record: [UInt8]) throws(FileError) {
        guard let descriptor else { return }
        var rest = (record + [0x0A])[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path) }
            rest = rest.dropFirst(count)
        }
    }
}
