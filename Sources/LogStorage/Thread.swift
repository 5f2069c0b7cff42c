// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Starts a thread that runs `body` and ends.
///
/// - Parameters:
///   - name: as tools for operators show it; at most 15 bytes.
///   - niceness: 0 is normal; 10 leaves it a tenth of a core that others want too.
package func startThread(
    _ name: String, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
) {
    precondition(name.utf8.count <= 15, "the system takes no longer name")
    let box = Unmanaged.passRetained(
        ThreadBody {
            setName(name)
            // On Linux, "this process" (0) is this thread alone.
            let thread = __priority_which_t(PRIO_PROCESS.rawValue)
            if niceness > 0 { setpriority(thread, 0, niceness) }
            body()
        })
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, box.toOpaque())
    precondition(status == 0, "the system refused a thread")
    pthread_detach(thread)
}

/// Best effort: a name is a convenience.
private func setName(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, name, name.utf8.count)
    close(file)
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}
