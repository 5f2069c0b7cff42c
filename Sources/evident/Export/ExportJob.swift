// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import LogClient
import LogClientHTTP

/// Fetches one export into its file, and goes on where an earlier call of the command was ended.
struct ExportJob: Sendable {
    let path: String
    let format: ExportFormat
    let isUnvouched: Bool
    let isWitnessed: Bool
    let fromIndex: UInt64?
    let toIndex: UInt64?
    /// Nil where no key was given to verify with.
    let pinned: PinnedLog?
    let state: ExportState

    private static let route = "/v1/audit/exports"

    func run(_ endpoint: LogEndpoint) async throws -> ExportOutcome {
        let file = try ExportFile(path, isKnown: state.end != nil)
        let bar = ProgressBar("indexes", total: 0)
        var id: String?
        var watch: Task<Void, Never>?
        defer {
            watch?.cancel()
            bar.finish()
        }
        do {
            try await endpoint.pieces(request(file), method: "POST") { field in
                let size = field("evident-tree-size").flatMap { UInt64($0) }
                guard let name = field("evident-export"), let size else {
                    throw EndpointError(
                        .unexpectedAnswer, "\(endpoint.name) does not export as this program does")
                }
                id = name
                try begin(file, size: size)
                watch = Task { await Self.follow(name, endpoint, bar) }
            } _: { piece in
                try file.write(piece)
            }
        } catch {
            throw await Self.reason(id, endpoint, path) ?? error
        }
        guard let id else {
            throw EndpointError(.unexpectedAnswer, "\(endpoint.name) answered nothing")
        }
        let manifest = try await endpoint.get("\(Self.route)/\(id)/manifest", limit: 1 << 25)
        try file.complete(manifest)
        watch?.cancel()
        return try finish(file)
    }

    private func request(_ file: ExportFile) -> String {
        var items = state.items.map { (name: $0.name, value: $0.value) }
        items.append(("format", format.rawValue))
        if let fromIndex { items.append(("from_index", String(fromIndex))) }
        if let end = state.end ?? toIndex { items.append(("to_index", String(end))) }
        if isWitnessed { items.append(("head", "witnessed")) }
        if isUnvouched { items.append(("unvouched", "true")) }
        if let beginning = file.beginning {
            items.append(("resume_bytes", String(beginning.bytes)))
            items.append(("resume_sha256", beginning.sha256))
        }
        return Self.route + QueryText.text(items)
    }

    /// Keeps what is asked for before anything of the file is.
    private func begin(_ file: ExportFile, size: UInt64) throws {
        if state.end == nil {
            var state = state
            state.end = min(max(fromIndex ?? 0, size), toIndex ?? .max)
            try state.write(beside: path)
        }
        try file.open()
    }

    /// Moves the bar to where the server says that it is.
    private static func follow(
        _ id: String, _ endpoint: LogEndpoint, _ bar: ProgressBar
    ) async {
        guard Terminal.isWatched else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(300))
            guard let status = await status(id, endpoint), !Task.isCancelled,
                let first = status["first"]?.unsigned, let end = status["end"]?.unsigned,
                let next = status["next"]?.unsigned, first <= next, next <= end
            else { continue }
            bar.move(to: next - first, of: end - first)
        }
    }

    private static func status(_ id: String, _ endpoint: LogEndpoint) async -> JSONValue? {
        (try? await endpoint.get("\(route)/\(id)")).flatMap { try? JSONValue.parse($0) }
    }

    /// What the server says of an export that broke off; nil if it says nothing.
    private static func reason(
        _ id: String?, _ endpoint: LogEndpoint, _ path: String
    ) async -> CommandFailure? {
        guard let id else { return nil }
        let goesOn = "\(path).partial holds what came: the same command goes on with it."
        guard let error = await status(id, endpoint)?["error"] else {
            return CommandFailure(.inputOutput, "the export was broken off", advice: goesOn)
        }
        let detail = ShownText.clean(error["detail"]?.text ?? error["code"]?.text ?? "")
        guard error["code"]?.text == "export_changed" else {
            return CommandFailure(
                .inputOutput, "the server ended the export: \(detail)", advice: goesOn)
        }
        return CommandFailure(
            .unverifiable, "the file that was begun is not what the log holds now: \(detail)",
            advice: "Remove \(path).partial and \(ExportState.path(of: path)) to begin anew.")
    }

    /// Verifies what came, where keys are at hand, before it gets its name.
    private func finish(_ file: ExportFile) throws -> ExportOutcome {
        guard let pinned else {
            try file.finish()
            return ExportOutcome(path, bytes: file.count)
        }
        let bar = ProgressBar("bytes", total: file.count)
        defer { bar.finish() }
        let export = try ExportCheck(pinned).verify(
            file.partialPath, manifest: file.manifestPath
        ) { bar.move(to: $0, of: $1) }
        try file.finish()
        return ExportOutcome(path, export)
    }
}
