// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// Read-only connections, each used by one thread at a time; made when they are first needed.
final class ConnectionPool: Sendable {
    private let state: Monitor<State>
    private let open: @Sendable () throws(StoreError) -> Connection
    private let waitMS: Int

    private struct State {
        var idle: [Connection] = []
        var made = 0
        let limit: Int
        var isClosed = false
    }

    private enum Ticket {
        case use(Connection)
        case make
        case closed
    }

    /// - Parameters:
    ///   - limit: connections at once.
    ///   - waitMS: milliseconds that a read waits for one before it is refused.
    init(
        limit: Int, waitMS: Int, open: @escaping @Sendable () throws(StoreError) -> Connection
    ) {
        state = Monitor(State(limit: max(1, limit)))
        self.open = open
        self.waitMS = waitMS
    }

    /// Runs reads that see one commit.
    ///
    /// Never nested: the inner one could wait for ever.
    func snapshot<Result>(
        _ body: (StoredTables) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try use { (connection) throws(StoreError) in
            try connection.snapshot { () throws(StoreError) in
                try body(StoredTables(connection: connection))
            }
        }
    }

    /// Runs one read, which is a transaction by itself.
    func read<Result>(
        _ body: (StoredTables) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try use { (connection) throws(StoreError) in
            try body(StoredTables(connection: connection))
        }
    }

    func use<Result>(
        _ body: (Connection) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let connection = try take()
        defer { state.update(wakingOne: true) { $0.idle.append(connection) } }
        return try body(connection)
    }

    private func take() throws(StoreError) -> Connection {
        let ticket = state.wait(atMostMS: waitMS) { state -> Ticket? in
            if state.isClosed { return .closed }
            if let connection = state.idle.popLast() { return .use(connection) }
            guard state.made < state.limit else { return nil }
            state.made += 1
            return .make
        }
        switch ticket {
        case .use(let connection): return connection
        case .closed: throw .closed
        case nil: throw StoreError(.locked, "every reader is busy; try again in a moment")
        case .make:
            do throws(StoreError) {
                return try open()
            } catch {
                state.update(wakingOne: true) { $0.made -= 1 }
                throw error
            }
        }
    }

    /// Refuses new reads, waits for those that run, and closes the connections.
    ///
    /// A read that is still running after the wait keeps its connection open.
    func close() {
        state.update { $0.isClosed = true }
        let idle = state.wait(atMostMS: waitMS) { state -> [Connection]? in
            guard state.idle.count == state.made else { return nil }
            defer { state.idle = [] }
            state.made = 0
            return state.idle
        }
        for connection in idle ?? [] { connection.close() }
    }
}
