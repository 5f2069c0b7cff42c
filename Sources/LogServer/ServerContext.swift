// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import Logging
import NIOCore

/// What the server framework hands along with a request.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Tells a client that waits for it to send the body.
    func askForBody() {
        channel.triggerUserOutboundEvent(ContinueRequest(), promise: nil)
    }

    /// Watches whether the client is still there, until it has been answered.
    func watchClient() -> ClientPresence {
        let presence = ClientPresence()
        channel.triggerUserOutboundEvent(presence, promise: nil)
        return presence
    }
}
