// SPDX-License-Identifier: Apache-2.0

import LogStorage
import TransparencyLog

extension SinkSettings {
    /// What the configuration says about a sink; nil if it names no folder.
    init?(_ values: ConfigurationValues) throws(CommandFailure) {
        let folder = try values.given(.sinkDirectory)
        let interval = try values.duration(.sinkInterval)
        let bytes = try values.bytes(.sinkSegmentBytes, 64 << 10...1 << 40)
        let age = try values.read(.sinkSegmentAge, "a duration from 1m to 8760h") { text in
            Quantities.milliseconds(text).flatMap {
                (60_000...31_536_000_000).contains($0) ? $0 : nil
            }
        }
        let flushing = try values.read(.sinkFsync, "never, segment or always") {
            SinkSettings.Flushing(rawValue: $0)
        }
        let keepsOwn = try values.read(.sinkOwnRecords, "true or false") { Bool($0) }
        let isCompressed = try values.read(.sinkCompression, "none or gzip") { text in
            ["none": false, "gzip": true][text]
        }
        let delay = try values.read(.sinkCompressAfter, "a duration from 0s to 8760h") { text in
            Quantities.milliseconds(text).flatMap { $0 <= 31_536_000_000 ? $0 : nil }
        }
        guard let folder else { return nil }
        self.init(
            folder: NewLog.absolute(folder), segmentBytes: UInt64(bytes), segmentAgeMS: age,
            flushing: flushing, keepsOwnRecords: keepsOwn,
            intervalMS: UInt64(interval.inMilliseconds),
            compressAfterMS: isCompressed ? delay : nil)
    }

    /// Refuses a folder that is used: a log that is kept in memory begins anew at each start, and
    /// cannot go on with the lines of the one before.
    func needEmptyFolder() throws {
        try PrivateFile.makeFolder(folder)
        guard try SinkFiles.isUsed(folder) else { return }
        throw CommandFailure.usage(
            "\(folder) holds the records of another log: with the store null each start is one",
            advice: "Name a new folder for the sink, or take the store sqlite.")
    }
}
