// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// How much is logged, in one place for all loggers of a process.
///
/// A logger is a value and copied freely; a level within it could not be changed while it is used.
package final class SharedLogLevel: Sendable {
    private let level: Atomic<Int>

    package init(_ level: Logger.Level) {
        self.level = Atomic(Self.place(of: level))
    }

    package var value: Logger.Level {
        get { Logger.Level.allCases[level.load(ordering: .relaxed)] }
        set { level.store(Self.place(of: newValue), ordering: .relaxed) }
    }

    private static func place(of level: Logger.Level) -> Int {
        guard let place = Logger.Level.allCases.firstIndex(of: level) else {
            preconditionFailure("a level is one of all levels")
        }
        return place
    }
}

/// Writes as another handler does, at the shared level.
package struct SharedLevelHandler<Base: LogHandler>: LogHandler {
    private var base: Base
    private let shared: SharedLogLevel
    /// The level of this logger alone, once it has been given one.
    private var own: Logger.Level?

    package init(_ base: Base, _ shared: SharedLogLevel) {
        self.base = base
        self.base.logLevel = .trace
        self.shared = shared
    }

    package var logLevel: Logger.Level {
        get { own ?? shared.value }
        set { own = newValue }
    }

    package var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    package var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    package func log(event: LogEvent) {
        base.log(event: event)
    }
}
