// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The test vectors in `Tests/Vectors`, found beside this file's own folder.
package enum Vectors {
    /// The bytes of `Tests/Vectors/<name>.json`.
    ///
    /// A missing file ends the test run.
    package static func data(_ name: String) -> [UInt8] {
        let file = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Vectors/\(name).json")
        guard let data = try? Data(contentsOf: file) else {
            fatalError("no test vector at \(file.path)")
        }
        return [UInt8](data)
    }

    /// `Tests/Vectors/<name>.json` as a value of the test's own type.
    package static func decode<T: Decodable>(_ type: T.Type, from name: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(data(name)))
    }
}
