// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LogCrypto

/// Why a key could not be read or made.
///
/// Says which file, never what is in it.
package struct KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case missing
        /// Others than its owner may read or change it, or it is owned by somebody else.
        case exposed
        /// It is not of the right size or form, or its check value differs.
        case invalid
        case inputOutput = "input_output"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) [\(code.rawValue)]" }
}

/// Files that hold secrets: owned by the process's user, mode 0600, never a link.
package enum KeyFile {
    /// Reads a key of exactly `count` bytes.
    package static func read(path: String, count: Int) throws(KeyError) -> SecretBytes {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            throw errno == ENOENT
                ? KeyError(.missing, "there is no key file \(path)")
                : failure("open the key file \(path)")
        }
        defer { Glibc.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("inspect the key file \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0
        else {
            throw KeyError(
                .exposed,
                "the key file \(path) must be a plain file of this user with mode 0600")
        }
        guard status.st_size == count else {
            throw KeyError(.invalid, "the key file \(path) must hold \(count) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        defer {
            bytes.withUnsafeMutableBytes {
                if let base = $0.baseAddress { explicit_bzero(base, $0.count) }
            }
        }
        guard Glibc.read(file, &bytes, count) == count else {
            throw failure("read the key file \(path)")
        }
        return SecretBytes(copying: bytes)
    }

    /// Writes bytes to a new file that only its owner may read, and synchronises it.
    package static func create(
        path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(KeyError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let file = Glibc.open(path, flags, 0o600)
        guard file >= 0 else { throw failure("create the key file \(path)") }
        defer { Glibc.close(file) }
        guard Glibc.write(file, bytes.baseAddress, bytes.count) == bytes.count, fsync(file) == 0
        else { throw failure("write the key file \(path)") }
    }

    /// Makes a folder that only its owner may enter; does nothing if it is there.
    package static func createFolder(path: String) throws(KeyError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw failure("create the folder \(path)")
        }
    }

    /// Makes what was created, renamed or removed in a folder durable.
    package static func synchroniseFolder(path: String) throws(KeyError) {
        let folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open the folder \(path)") }
        defer { Glibc.close(folder) }
        guard fsync(folder) == 0 else { throw failure("synchronise the folder \(path)") }
    }

    static func failure(_ what: String) -> KeyError {
        KeyError(.inputOutput, "cannot \(what): \(String(cString: strerror(errno)))")
    }
}
