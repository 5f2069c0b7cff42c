// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage

/// One thread of the operating system, below normal priority, that takes no signals.
struct LookupThread: Sendable {
    private let handle: pthread_t

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `body`; a niceness of 5 leaves it about a quarter of a core that others want too.
    init(niceness: Int32, _ body: @escaping @Sendable () -> Void) throws(StoreError) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(
            Body {
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_SETMASK, &all, nil)
                // On Linux, "this process" (0) is this thread alone.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
                body()
            })
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context {
                    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw StoreError(
                .inputOutput, "the look-up thread could not be started",
                detail: String(cString: strerror(code)))
        }
        handle = thread
    }

    /// Waits for the thread to end; call it once.
    func join() { pthread_join(handle, nil) }
}

/// Wakes one waiting thread.
///
/// A raise that nobody waits for is kept; several count as one.
final class LookupSignal: Sendable {
    private let reading: Int32
    private let writing: Int32

    init() throws(StoreError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw StoreError(
                .inputOutput, "no file descriptor is left for the look-up thread",
                detail: String(cString: strerror(errno)))
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        Glibc.close(reading)
        Glibc.close(writing)
    }

    /// Never waits: a full pipe has been raised already.
    func raise() {
        var byte: UInt8 = 1
        _ = Glibc.write(writing, &byte, 1)
    }

    /// Waits until raised, or until the time is up; nil waits for ever.
    func wait(atMostMS milliseconds: Int32? = nil) {
        var request = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
        _ = poll(&request, 1, milliseconds ?? -1)
        var bytes = [UInt8](repeating: 0, count: 64)
        while Glibc.read(reading, &bytes, bytes.count) > 0 {}
    }
}
