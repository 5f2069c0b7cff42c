// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Merkle

/// A log read from a folder of files, as c2sp.org/tlog-tiles names them: a mirror, or a copy of
/// what a web server serves.
public struct FolderLogSource: LogSource {
    private let folder: String

    /// Bytes of the largest file that is read: 256 entries of 65,535 bytes and their lengths.
    private static let limit = 256 * 65_537

    /// Reads the log below a folder, which holds the file `checkpoint`.
    public init(folder: String) {
        self.folder = folder
    }

    /// Whether a folder is such a tree: it holds a checkpoint.
    public static func isTree(_ folder: String) -> Bool {
        access("\(folder)/checkpoint", R_OK) == 0
    }

    /// The signed note in the file `checkpoint`; `nil` if there is none.
    public func checkpoint() async throws -> [UInt8]? {
        try read("checkpoint")
    }

    /// The bytes of a tile; `nil` if there is no such file.
    public func tile(_ tile: Tile) async throws -> [UInt8]? {
        try read(tile.path)
    }

    private func read(_ name: String) throws(FolderReadError) -> [UInt8]? {
        let path = "\(folder)/\(name)"
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FolderReadError(path: path, errorNumber: errno)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            let count = Glibc.read(file, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FolderReadError(path: path, errorNumber: errno) }
            if count == 0 { return bytes }
            guard bytes.count + count <= Self.limit else {
                throw FolderReadError(path: path, errorNumber: EFBIG)
            }
            bytes += part[..<count]
        }
    }
}

/// A file of a folder that could not be read.
public struct FolderReadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    public let path: String

    /// What the system said, as `errno` has it.
    public let errorNumber: Int32

    /// One sentence for people, without a full stop.
    public var description: String {
        "\(path): cannot read it: \(String(cString: strerror(errorNumber)))"
    }
}
