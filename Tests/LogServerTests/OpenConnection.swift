// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Synchronization

/// A connection that a test keeps open while it does other things; what comes is gathered.
final class OpenConnection: Sendable {
    private let file: Int32
    private let gathered = Mutex(RawAnswer())

    /// Connects and sends the text.
    init(_ port: Int, _ text: String) {
        file = RawConnection.open(port)
        send(text)
        Thread.detachNewThread { self.gather() }
    }

    private func gather() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(file, &buffer, buffer.count, 0)
            gathered.withLock { answer in
                answer.isEnded = count <= 0
                if count > 0 { answer.text += String(decoding: buffer[..<count], as: UTF8.self) }
            }
            guard count > 0 else { return }
        }
    }

    var answer: RawAnswer { gathered.withLock { $0 } }

    func send(_ text: String) { RawConnection.write(file, text) }

    /// Waits until what has come is as the test wants it, for a minute at most.
    ///
    /// Returns what has come by then either way.
    @discardableResult
    func until(_ enough: @Sendable (RawAnswer) -> Bool) async -> RawAnswer {
        _ = await eventually { enough(answer) }
        return answer
    }

    /// Ends the connection, both ways.
    func end() { shutdown(file, Int32(SHUT_RDWR)) }

    deinit { close(file) }
}
