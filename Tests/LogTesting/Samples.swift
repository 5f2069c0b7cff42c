// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Files of other systems in `Tests/Samples`, as those systems write them.
package enum Samples {
    /// The path of a sample.
    package static func path(_ name: String) -> String {
        URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Samples/\(name)").path
    }

    /// The bytes of a sample; a missing file ends the test run.
    package static func data(_ name: String) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path(name)) else {
            fatalError("no sample at \(path(name))")
        }
        return [UInt8](data)
    }

    /// The lines of a sample, without their line feeds.
    package static func lines(_ name: String) -> [[UInt8]] {
        data(name).split(separator: UInt8(ascii: "\n")).map(Array.init)
    }
}
