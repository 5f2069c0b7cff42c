// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import SignedNote
package import TransparencyLog

/// The HTTP server of a witness: c2sp.org/tlog-witness, and nothing else.
///
/// Connections, deadlines and sizes are guarded as the log's are. Nobody needs a token: what is
/// asked for must bear a log's signature.
package struct WitnessServer: Service {
    package let application: Application<RouteTable>
    private let address: String

    package init(
        _ witness: CosigningWitness,
        configuration: LogServerConfiguration = LogServerConfiguration(), logger: Logger
    ) {
        var configuration = configuration
        configuration.connections.bodyBytes = AddCheckpointRequest.maxBytes
        let routes = WitnessRoutes(
            witness: witness, budget: BodyBudget(limit: 32 << 20), logger: logger
        ).routes
        let (host, port) = (configuration.host, configuration.port)
        address = (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
        application = LogServer.application(
            RouteTable(routes, tokens: .volatile()), address: .hostname(host, port: port),
            configuration, logger, direct: nil, onRunning: configuration.onListening)
    }

    /// Serves until it is shut down; throws ``ListenerError`` if it cannot listen.
    package func run() async throws {
        try await LogServer.run(application, at: address)
    }
}

/// The two paths of the protocol, and what an operator's probe asks for.
struct WitnessRoutes: Sendable {
    let witness: CosigningWitness
    let budget: BodyBudget
    let logger: Logger

    var routes: [Route] { [addCheckpoint, checkpoint, ready] }

    private var addCheckpoint: Route {
        Route(
            .post, "/add-checkpoint", access: .anyone,
            Operation(
                "addCheckpoint", "Cosigns a checkpoint that extends the one before",
                successes: [.text("Cosignature lines.")])
        ) { [self] call in
            let answer = try await budget.withBody(
                of: call, limit: AddCheckpointRequest.maxBytes
            ) { body in
                await witness.add(Array(body.readableBytesView))
            }
            if case .refused(.unavailable) = answer {
                logger.error("a checkpoint could not be kept, and was not cosigned")
            }
            let type: String =
                if case .conflict = answer { AddCheckpointAnswer.sizeType } else {
                    MediaTypes.text
                }
            return .uncached(
                ByteBuffer(bytes: answer.body),
                status: HTTPResponse.Status(code: answer.status), type: type)
        }
    }

    private var checkpoint: Route {
        Route(
            .get, "/{origin}/checkpoint", access: .anyone,
            Operation(
                "getCheckpoint", "The newest cosigned checkpoint of a log",
                "The log is named by the SHA-256 of its origin, in hex.",
                successes: [.text("The checkpoint.")])
        ) { [witness] call in
            guard let note = witness.checkpoint(originHash: try call.parameter("origin")) else {
                throw Problem(.notFound)
            }
            return .uncached(ByteBuffer(string: note), type: MediaTypes.text, public: true)
        }
    }

    private var ready: Route {
        Route(
            .get, "/readyz", access: .anyone,
            Operation(
                "getReadiness", "Whether the witness can cosign", successes: [.text("It can.")])
        ) { [witness] _ in
            .uncached(
                ByteBuffer(string: witness.isReady ? "ok\n" : "a write has failed: restart\n"),
                status: witness.isReady ? .ok : .serviceUnavailable, type: MediaTypes.text,
                public: true)
        }
    }
}
