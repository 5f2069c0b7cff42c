// SPDX-License-Identifier: Apache-2.0

/// The registry of types, and how one is found in it.
enum RecordTypes {
    /// By name, byte by byte.
    static let all: [RecordType] = (agents + models + decisions + daemons + access + governance)
        .sorted { $0.staticName.text < $1.staticName.text }

    /// The place of a type's entry: its own, or that of the family it belongs to.
    static func place(of type: UnsafeRawBufferPointer) -> Int? {
        let exact = lowerBound(type)
        if exact < all.count, all[exact].staticName.isEqual(to: type) { return exact }
        return families.first { isMember(type, of: all[$0].staticName) }
    }

    /// The place of an entry that begins with the same segment, if there is one.
    static func relative(of type: UnsafeRawBufferPointer) -> Int? {
        let end = type.firstIndex(of: UInt8(ascii: ".")) ?? type.count
        let segment = UnsafeRawBufferPointer(rebasing: type[..<end])
        let next = lowerBound(segment)
        guard next < all.count else { return nil }
        let name = bytes(all[next].staticName)
        guard name.starts(with: segment), name.count > end, name[end] == UInt8(ascii: ".") else {
            return nil
        }
        return next
    }

    /// The first entry that is not before a name.
    private static func lowerBound(_ name: UnsafeRawBufferPointer) -> Int {
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if bytes(all[middle].staticName).lexicographicallyPrecedes(name) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private static let families = all.indices.filter { all[$0].name.hasSuffix(".*") }

    /// Whether a type begins as a family does, and has something after its dot.
    private static func isMember(
        _ type: UnsafeRawBufferPointer, of family: StaticString
    ) -> Bool {
        let stem = bytes(family).dropLast()
        guard type.starts(with: stem), type.count > stem.count else { return false }
        // A vendor's type has two segments after the x.
        return family.text != "x.*" || Grammar.isVendorType(type)
    }

    private static func bytes(_ name: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    }
}

// MARK: The registry

extension RecordTypes {
    private static let agents: [RecordType] = [
        RecordType(
            "agent.run.start", .agent, .execute, "An agent began a run.",
            TypeRules().opening(.run)),
        RecordType(
            "agent.run.end", .agent, .execute, "An agent's run ended.",
            .needs(.init(.outcome)).closing(.run)),
        RecordType(
            "agent.run.cancelled", .agent, .execute, "An agent's run was broken off.",
            TypeRules().allowing(.init(.outcome), "cancelled").closing(.run)),
        RecordType("agent.delegate.start", .agent, .execute, "An agent gave work to another."),
        RecordType(
            "agent.delegate.end", .agent, .execute, "Work that was given to another agent ended.",
            .needs(.init(.outcome))),
        RecordType("agent.handoff", .agent, .execute, "An agent handed its run over."),
        RecordType("agent.trust.changed", .agent, .update, "How far an agent is trusted changed."),
        RecordType("agent.skill.*", .agent, .update, "A skill was learned, edited, withdrawn."),
        RecordType("agent.stage.*", .agent, .update, "An agent was promoted or demoted."),
        RecordType("agent.state.checkpointed", .agent, .create, "An agent's state was kept."),
        RecordType("agent.state.recovered", .agent, .read, "An agent's state was restored."),
        RecordType("work.*", .agent, .execute, "A piece of work was taken, done, or failed."),
    ]

    private static let models: [RecordType] = [
        RecordType(
            "model.call", .model, .execute, "A model was asked.", .needs(.init(.model))),
        RecordType("prompt.assembled", .model, .execute, "A prompt was put together."),
        RecordType("context.compaction", .model, .update, "What a model sees was shortened."),
        RecordType(
            "tool.call", .tool, .execute, "A tool is about to be called: the intent.",
            .needs(.init(.tool, "name")).allowing(.init(.phase), "intent", "single")
                .opening(.tool)),
        RecordType(
            "tool.result", .tool, .execute, "A tool's call ended: the outcome.",
            .needs(.init(.tool, "name"), .init(.outcome))
                .allowing(.init(.phase), "outcome", "single").closing(.tool)),
        RecordType(
            "tool.orphaned", .tool, .execute, "A tool's call never came back.",
            .needs(.init(.tool, "name")).closing(.tool)),
    ]

    private static let decisions: [RecordType] = [
        RecordType(
            "guardrail.fired", .policy, .authorise, "A guardrail blocked or warned.",
            .needs(.init(.outcome), .init(.reason))),
        RecordType(
            "policy.decision", .policy, .authorise, "A policy allowed, denied, or asked.",
            TypeRules(needs: [.init(.policy, "decision")], denialIsOutcome: true)),
        RecordType(
            "approval.requested", .approval, .authorise, "Somebody was asked to allow something.",
            .needs(.init(.approval, "request_id"))
                .allowing(.init(.approval, "status"), "requested").opening(.approval)),
        RecordType(
            "approval.decided", .approval, .authorise, "A request was decided, or lapsed.",
            .needs(.init(.approval, "status"), .init(.approval, "bound"))
                .allowing(
                    .init(.approval, "status"), "approved", "rejected", "expired", "bypassed"
                ).closing(.approval)),
        RecordType(
            "limit.warning", .policy, .authorise, "A limit is near.", .needs(.init(.reason))),
        RecordType(
            "limit.exceeded", .policy, .authorise, "A limit was passed.", .needs(.init(.reason))),
        RecordType("loop.break", .policy, .authorise, "A loop was broken."),
    ]

    private static let daemons: [RecordType] = [
        RecordType("daemon.start", .system, .execute, "A daemon started."),
        RecordType("daemon.stop", .system, .execute, "A daemon stopped by itself or by order."),
        RecordType("daemon.restart", .system, .execute, "A daemon was started again."),
        RecordType("daemon.panic", .system, .execute, "A daemon failed; a digest of its stack."),
        RecordType(
            "module.load", .system, .execute, "Code was loaded into a running system.",
            .needs(.init(.target))),
        RecordType(
            "bpf.load", .system, .execute, "Another name of module.load.", .needs(.init(.target))),
        RecordType("config.loaded", .config, .update, "A start with other settings than before."),
        RecordType("config.reload", .config, .update, "Settings were read again."),
        RecordType(
            "finding.emit", .system, .create, "A finding was sent to a sink.",
            .needs(.init(.severity))),
        RecordType("clock.skew", .system, .update, "A clock was found to be off."),
    ]

    private static let access: [RecordType] = [
        RecordType(
            "auth.success", .auth, .authorise, "Somebody proved who they are.",
            TypeRules().allowing(.init(.outcome), "success")),
        RecordType(
            "auth.failure", .auth, .authorise, "Somebody failed to prove who they are.",
            TypeRules().allowing(.init(.outcome), "failure", "denied")),
        RecordType("account.*", .auth, .update, "An account or its credentials changed."),
        RecordType("role.*", .auth, .update, "What a role may do, or who has it, changed."),
        RecordType("data.access", .data, .read, "Data was read.", .needs(.init(.target))),
        RecordType("data.change", .data, .update, "Data was changed.", .needs(.init(.target))),
        RecordType("data.delete", .data, .delete, "Data was deleted.", .needs(.init(.target))),
        RecordType(
            "data.export", .data, .read, "Data left the system.", .needs(.init(.target))),
    ]

    private static let governance: [RecordType] = [
        RecordType("log.created", .audit, .create, "The log began: its record at index 0."),
        RecordType("log.frozen", .audit, .update, "The log ended: its last record."),
        RecordType("log.recovered", .audit, .update, "Leaves of lost records were brought back."),
        RecordType("log.backup", .audit, .read, "A copy of the log was begun."),
        RecordType("log.restored", .audit, .update, "The log goes on from a copy."),
        RecordType(
            "log.sink_failing", .audit, .update, "Records could not be written to the sink's files."
        ),
        RecordType("log.sink_recovered", .audit, .update, "All of them are written there again."),
        RecordType("log.fork_reported", .audit, .update, "Evidence that the log forked came in."),
        RecordType("audit.access", .audit, .read, "Audit records were read."),
        RecordType("audit.export", .audit, .read, "Audit records were exported."),
        RecordType("audit.verify", .audit, .read, "The log was verified."),
        RecordType("audit.suppressed", .audit, .update, "Like events were counted, not repeated."),
        RecordType("audit.pause", .audit, .update, "Recording paused."),
        RecordType("audit.resume", .audit, .update, "Recording resumed."),
        RecordType("key.rotate", .audit, .update, "A key of the log was replaced."),
        RecordType("retention.prune", .audit, .delete, "Payloads past their time were removed."),
        RecordType("retention.compact", .audit, .delete, "Salts and digests were removed."),
        RecordType("erasure.request", .audit, .delete, "Records or fields are to be erased."),
        RecordType("erasure.complete", .audit, .delete, "They were."),
        RecordType("erasure.deferred", .audit, .update, "They wait for a hold placed since."),
        RecordType("hold.place", .audit, .create, "A legal hold was placed."),
        RecordType("hold.release", .audit, .delete, "A legal hold was released."),
        RecordType("checkpoint.anchor", .audit, .create, "A tree head was anchored elsewhere."),
        RecordType(
            "record.annotation", .audit, .create, "A remark on, or correction of, a record.",
            .needs(.init(.target))),
        RecordType(
            "x.*", .other, .execute,
            "A vendor's own, x.<vendor>.<name>: it may bring top-level members of its own."),
    ]
}
