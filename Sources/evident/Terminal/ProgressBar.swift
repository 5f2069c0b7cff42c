// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One line on standard error that tells how far long work has come; silent when nobody watches.
///
///     entries  ███████████░░░░░░░░░   56 %  1,234,567 of 2,200,000  2.31 M/s  1 s left
final class ProgressBar: Sendable {
    private let title: String
    private let start = ContinuousClock.now
    private let isShown: Bool
    private let state: Mutex<State>

    private struct State {
        var done: UInt64 = 0
        var total: UInt64
        var lastDrawn: ContinuousClock.Instant?
        var isFinished = false
    }

    /// How long a drawn line stands before the next one is worth the terminal's time.
    private static let interval = Duration.milliseconds(100)
    private static let width = 20

    init(_ title: String, total: UInt64, isShown: Bool = Terminal.isWatched) {
        self.title = title
        self.isShown = isShown
        state = Mutex(State(total: total))
    }

    /// Moves to `done`, and to a new total where that has become known.
    func move(to done: UInt64, of total: UInt64? = nil) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let line: String? = state.withLock { state in
            state.done = done
            if let total { state.total = total }
            if let last = state.lastDrawn, now - last < Self.interval { return nil }
            state.lastDrawn = now
            return text(done: state.done, total: state.total, elapsed: now - start)
        }
        if let line { Terminal.write("\r\u{1B}[K" + line, to: 2) }
    }

    /// Moves one on; does nothing once the bar is taken away.
    func advance() {
        guard isShown else { return }
        let done = state.withLock { $0.isFinished ? nil : $0.done + 1 }
        if let done { move(to: done) }
    }

    /// Takes the bar away, so that what follows begins on a clean line.
    func finish() {
        state.withLock { $0.isFinished = true }
        if isShown { Terminal.write("\r\u{1B}[K", to: 2) }
    }

    /// The bar's text; all that it depends on is handed in.
    func text(done: UInt64, total: UInt64, elapsed: Duration) -> String {
        let part = total == 0 ? 1 : min(1, Double(done) / Double(total))
        let filled = Int(part * Double(Self.width))
        let bar =
            String(repeating: "█", count: filled)
            + String(repeating: "░", count: Self.width - filled)
        let seconds = elapsed.inSeconds
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var line = "\(title)  \(bar)  \(Int(part * 100)) %  \(done.grouped) of \(total.grouped)"
        line += "  \(rate.rateText)/s"
        if rate > 0, done < total {
            line += "  \(Int((Double(total - done) / rate).rounded(.up))) s left"
        }
        return line
    }
}

extension Duration {
    /// The duration in seconds, as a floating-point number.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// The duration in milliseconds, as a floating-point number.
    var inMilliseconds: Double { inSeconds * 1_000 }
}
