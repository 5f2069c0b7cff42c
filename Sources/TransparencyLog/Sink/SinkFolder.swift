// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogCrypto
import LogStorage

/// How a sink writes.
package struct SinkSettings: Hashable, Sendable {
    /// When bytes are put on stable storage.
    package enum Flushing: String, Sendable, CaseIterable {
        /// When the system gets to it.
        case never
        /// When a segment is sealed.
        case segment
        /// After all that was written at a time.
        case always
    }

    package let folder: String
    /// A segment that has so many bytes is sealed.
    package let segmentBytes: UInt64
    /// A segment whose first record is so old is sealed.
    package let segmentAgeMS: UInt64
    package let flushing: Flushing
    /// Whether the log's own records are written whole.
    package let keepsOwnRecords: Bool
    package let intervalMS: UInt64
    /// How long a sealed segment stays as it is before it is compressed; nil for ever.
    package let compressAfterMS: UInt64?

    package init(
        folder: String, segmentBytes: UInt64, segmentAgeMS: UInt64, flushing: Flushing,
        keepsOwnRecords: Bool, intervalMS: UInt64, compressAfterMS: UInt64? = nil
    ) {
        self.folder = folder
        self.segmentBytes = segmentBytes
        self.segmentAgeMS = segmentAgeMS
        self.flushing = flushing
        self.keepsOwnRecords = keepsOwnRecords
        self.intervalMS = intervalMS
        self.compressAfterMS = compressAfterMS
    }
}

/// The segments of a sink, of which the last is open.
///
/// One thread uses it at a time. Whatever fails can be called again.
final class SinkFolder {
    private let settings: SinkSettings
    private let origin: String
    private let lock: Int32
    private let memory: Int32
    private var segment: SinkSegment?
    /// Where the next segment begins, while none is open.
    private var position: SinkPosition

    /// Takes the folder for this process, and finds out where to go on.
    ///
    /// - Parameter genesis: what the first record's MAC is chained to.
    init(_ settings: SinkSettings, origin: String, genesis: Digest) throws {
        self.settings = settings
        self.origin = origin
        position = SinkPosition(genesis: genesis)
        try PrivateFile.makeFolder(settings.folder)
        lock = try Self.open(settings.folder, ".evident-sink.lock")
        memory = try Self.open(settings.folder, ".evident-sink")
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw FileError(
                .inputOutput, settings.folder, "is the sink of another process; name another folder"
            )
        }
        try resume()
    }

    deinit {
        close(lock)
        close(memory)
    }

    private static func open(_ folder: String, _ name: String) throws(FileError) -> Int32 {
        let path = "\(folder)/\(name)"
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(path, cannot: "open it", errno: errno) }
        return descriptor
    }

    /// The index of the next record to be written, and the MAC of the one before.
    var next: (index: UInt64, hash: Digest) { (here.next, here.lastHash) }

    /// The number of the file that is written to; nil if there is none.
    var openInode: UInt64? { segment?.inode }

    /// The newest erasure of which there is a notice.
    var noticed: UInt64? { here.noticed }

    /// Where a segment would begin that had to begin now.
    private var here: SinkPosition {
        guard let segment, segment.scan.header != nil else { return position }
        return SinkPosition(after: segment.scan, name: "", .moved)
    }

    // MARK: Writing

    /// Writes what an earlier call could not, and looks whether somebody has taken the file away.
    func settle() throws {
        guard let segment else { return }
        try keeping { () throws(SinkFault) in
            try segment.check()
            try segment.flush()
            if segment.isEnding { try segment.seal(isFlushed: settings.flushing != .never) }
        }
        remember()
    }

    /// Writes lines; those of records begin with ``next``.
    ///
    /// - Parameter isNotice: lines that may stand anywhere.
    func append(_ lines: [[UInt8]]) throws {
        guard !lines.isEmpty else { return }
        if let segment, segment.scan.trailer != nil { leave(segment, .sealed) }
        if segment == nil { try begin() }
        guard let segment else { return }
        try keeping { () throws(SinkFault) in
            try segment.append(lines)
            if settings.flushing == .always { try segment.sync() }
        }
        remember()
    }

    /// Seals the open segment if it is large or old enough.
    func rotate(nowMS: UInt64) throws {
        guard let segment, segment.isWhole, segment.scan.count > 0 else { return }
        let isOld = segment.scan.firstTimeMS.map { $0 + settings.segmentAgeMS <= nowMS } ?? false
        guard segment.scan.length >= settings.segmentBytes || isOld else { return }
        try keeping { () throws(SinkFault) in
            try segment.seal(isFlushed: settings.flushing != .never)
        }
        if self.segment === segment { leave(segment, .sealed) }
        remember()
    }

    /// Begins a segment at ``position``; its header is the first that is written to it.
    private func begin() throws {
        var number: UInt64 = 1
        while true {
            let name = SinkName(first: position.next, number: number)
            if SinkFiles.forms(of: name, in: settings.folder).compressed {
                number += 1
                continue
            }
            do throws(SinkFault) {
                let begun = try SinkSegment(creating: "\(settings.folder)/\(name)")
                segment = begun
                break
            } catch .exists {
                number += 1
            } catch .file(let error) {
                throw error
            } catch {
                throw FileError(.inputOutput, settings.folder, "cannot take a new segment")
            }
        }
        let header = position.header(origin: origin).json.canonical + [UInt8(ascii: "\n")]
        guard let segment else { return }
        try keeping { () throws(SinkFault) in try segment.append([header]) }
    }

    /// Runs what may find that the segment is no longer to be written to.
    private func keeping(_ body: () throws(SinkFault) -> Void) throws {
        do throws(SinkFault) {
            try body()
        } catch {
            guard let segment else { return }
            switch error {
            case .file(let error): throw error
            case .exists: return
            case .moved(let isDeleted):
                // The file is whole wherever it is now: it gets its end there.
                if !isDeleted, (try? segment.flush()) != nil, segment.isWhole {
                    try? segment.seal(isFlushed: settings.flushing != .never)
                }
                isDeleted ? rewind(segment) : leave(segment, .moved)
            case .altered: leave(segment, .altered)
            case .torn: leave(segment, .torn)
            }
            remember()
            throw SinkChange()
        }
    }

    /// Thrown where the position has changed: what was to be written is to be made anew.
    struct SinkChange: Error {}

    private func leave(_ left: SinkSegment, _ beginning: SinkHeader.Beginning) {
        let name = String(left.path.dropFirst(settings.folder.utf8.count + 1))
        guard left.scan.header != nil else {
            // Nothing was written but a part of a header.
            segment = nil
            return
        }
        position = SinkPosition(after: left.scan, name: name, beginning)
        segment = nil
    }

    /// Goes back to where a segment began that somebody deleted before it was sealed.
    private func rewind(_ deleted: SinkSegment) {
        if let header = deleted.scan.header { position = SinkPosition(of: header) }
        segment = nil
    }

    /// Notes where the sink stands; no loss if it cannot be noted.
    private func remember() {
        let bytes = SinkMemory(
            origin: origin, position: here, inode: segment?.inode ?? 0
        ).bytes
        _ = pwrite(memory, bytes, bytes.count, 0)
    }

    /// Puts all on stable storage at the end of a server.
    func end() {
        if settings.flushing != .never { try? segment?.sync() }
        segment = nil
    }

    // MARK: Going on

    private func resume() throws {
        let folder = settings.folder
        let names = try SinkFiles.segments(in: folder)
        var found: SinkPosition?
        // A file without a header, begun or emptied, says nothing; the one before it does.
        for (place, name) in names.reversed().enumerated() {
            let path = "\(folder)/\(name)"
            let isPlain = SinkFiles.forms(of: name, in: folder).plain
            let scanned = try SinkFiles.scan(name, in: folder)
            guard let header = scanned.scan.header else { continue }
            guard header.origin == origin else { throw foreign(path) }
            // Somebody else has compressed it before it was sealed.
            let isLeft = !isPlain && scanned.fault == nil && scanned.scan.trailer == nil
            found = SinkPosition(after: scanned.scan, name: "\(name)", isLeft ? .moved : .torn)
            if place == 0, isPlain, scanned.fault == nil, scanned.scan.trailer == nil {
                let rest = scanned.rest
                segment = try Self.open(path, scanned, rest)
            }
            break
        }
        if let found { position = found }
        try resumeFromMemory()
        if segment == nil { try completeHeader(names) }
    }

    private static func open(
        _ path: String, _ scanned: consuming ScannedSegment, _ rest: [UInt8]
    ) throws(FileError) -> SinkSegment {
        do throws(SinkFault) {
            return try SinkSegment(continuing: path, scanned.scan, torn: rest)
        } catch .file(let error) {
            throw error
        } catch {
            throw FileError(.inputOutput, path, "cannot be gone on with")
        }
    }

    /// Looks for what was moved away while no server ran.
    private func resumeFromMemory() throws {
        guard let bytes = try PrivateFile.read("\(settings.folder)/.evident-sink"), !bytes.isEmpty
        else { return }
        guard let kept = SinkMemory(bytes: bytes) else {
            throw FileError(
                .malformed, "\(settings.folder)/.evident-sink",
                "is no sink's memory; delete it if no segment was moved away since")
        }
        guard kept.origin == origin else { throw foreign("\(settings.folder)/.evident-sink") }
        guard kept.position.next > next.index else { return }
        // A file that is still here, under whatever name, knows exactly how far it came: its end may
        // be lost where the machine stopped.
        if let path = try SinkFiles.path(ofInode: kept.inode, in: settings.folder) {
            guard path != segment?.path else { return }
            let scanned = try SinkFiles.scan(path)
            if scanned.scan.header?.origin == origin {
                guard scanned.scan.next > next.index else { return }
                segment = nil
                position = SinkPosition(after: scanned.scan, name: path.lastName, .moved)
                return
            }
        }
        segment = nil
        position = kept.position
    }

    /// Goes on with a file that a killed writer had only begun.
    private func completeHeader(_ names: [SinkName]) throws {
        guard let name = names.last, name.first == position.next,
            SinkFiles.forms(of: name, in: settings.folder).plain
        else { return }
        let path = "\(settings.folder)/\(name)"
        let scanned = try SinkFiles.scan(path)
        let header = position.header(origin: origin).json.canonical + [UInt8(ascii: "\n")]
        guard scanned.scan.header == nil, header.starts(with: scanned.rest) else { return }
        let rest = scanned.rest
        let begun = try Self.open(path, scanned, rest)
        segment = begun
        // What cannot be written now is written when there is more.
        try? keeping { () throws(SinkFault) in try begun.append([header]) }
    }

    private func foreign(_ path: String) -> StartupRefusal {
        StartupRefusal(.foreign, "\(path) is of another log, or no sink's: name an empty folder")
    }
}

extension SinkPosition {
    /// Where a segment began.
    init(of header: SinkHeader) {
        self.init(genesis: header.previousHash)
        (next, noticed) = (header.first, header.noticed)
        (beginning, previous) = (header.beginning, header.previous)
    }
}

extension String {
    /// What stands behind the last slash.
    fileprivate var lastName: String {
        String(self[(lastIndex(of: "/").map { index(after: $0) } ?? startIndex)...])
    }
}
