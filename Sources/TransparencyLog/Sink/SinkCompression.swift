// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Logging
import Synchronization

/// Compresses a sink's sealed segments while the sink is written, on a thread of its own.
///
/// What goes wrong is logged once and tried again; the plain files stay until it has gone well.
final class SinkCompression: Sendable {
    private let delayMS: UInt64
    private let pauseMS: UInt64
    private let logger: Logger
    private let now: @Sendable () -> UInt64
    private let pool = BlockingPool(threads: 1, niceness: 15)
    private let compressor: Mutex<SinkCompressor>
    private let isStopped = Atomic<Bool>(false)

    /// - Parameters:
    ///   - delayMS: how long a segment stays as it was sealed.
    ///   - now: the time of files, in milliseconds.
    init(
        _ settings: SinkSettings, delayMS: UInt64, logger: Logger,
        now: @escaping @Sendable () -> UInt64
    ) {
        self.delayMS = delayMS
        self.logger = logger
        self.now = now
        pauseMS = min(max(settings.intervalMS * 10, 1_000), 60_000)
        compressor = Mutex(SinkCompressor(folder: settings.folder))
    }

    /// Compresses what is due, again and again, until the task is cancelled; that ends it at once.
    func run(isOpen: @escaping @Sendable (UInt64) -> Bool) async {
        await withTaskCancellationHandler {
            var failures: UInt64 = 0
            while !Task.isCancelled {
                failures = await isDone(isOpen, failedBefore: failures > 0) ? 0 : failures + 1
                let pause = min(pauseMS << min(failures, 8), 300_000)
                try? await Task.sleep(for: .milliseconds(pause))
            }
        } onCancel: {
            isStopped.store(true, ordering: .relaxed)
        }
        pool.close()
    }

    private func isDone(
        _ isOpen: @escaping @Sendable (UInt64) -> Bool, failedBefore: Bool
    ) async -> Bool {
        do {
            try await pool.run { [self] in
                try compressor.withLock { compressor in
                    let now = now()
                    try compressor.run(
                        sealedBefore: now > delayMS ? now - delayMS : 0, isOpen: isOpen,
                        mayGoOn: { !isStopped.load(ordering: .relaxed) }, report: log)
                }
            }
            if failedBefore { logger.notice("the sink's sealed files are compressed again") }
            return true
        } catch is CancellationError {
            return true
        } catch {
            if !failedBefore {
                logger.error(
                    "a sealed file of the sink could not be compressed; it stays, and is tried again",
                    metadata: ["error": "\(String(reflecting: error))"])
            }
            return false
        }
    }

    private func log(_ name: SinkName, _ refusal: SinkCompressor.Refusal?) {
        switch refusal {
        case nil:
            logger.debug("a sealed file of the sink is compressed", metadata: ["file": "\(name)"])
        case .notSealed:
            logger.warning(
                "a sealed file of the sink is not what its trailer says: see `evident verify sink`",
                metadata: ["file": "\(name)"])
        case .otherCompressed:
            logger.warning(
                "a file has the name of a sealed one's compressed form, and is not it; both stay",
                metadata: ["file": "\(name.compressed)"])
        }
    }
}
