// SPDX-License-Identifier: Apache-2.0

/// A listener could not listen, or ended by itself.
package struct ListenerError: Error, CustomStringConvertible {
    /// `HOST:PORT`, or the path of a socket.
    package let address: String
    package let cause: any Error

    package var description: String { "cannot listen on \(address): \(cause)" }
}
