// SPDX-License-Identifier: Apache-2.0

/// The tables, and the rules that the database itself enforces.
///
/// What is below the head's size is final. Each table refuses, by trigger, every statement that
/// would change a committed row, REPLACE included, whatever program sends it. Entries live in
/// `open_entry` until 256 of them are sealed as one row of `segment`, at a fourth of the cost.
/// Content lies in a table of its own, and nothing committed refers to it; it goes only when the
/// record that announces its removal is committed.
///
/// Rules answer FAIL, and the table of content has no CHECK that calls a function: where a statement
/// may end in ABORT, or calls a function, SQLite copies each page for each row, to be able to undo
/// the statement, at twice the cost. Nothing is lost by FAIL, as each row is judged by itself,
/// before it changes.
enum Schema {
    /// "EviL": what `file` and `PRAGMA application_id` show.
    static let applicationID: Int64 = 0x4576_694C
    /// Raised by every change of what follows.
    static let version: Int64 = 2
    /// Bytes of a page.
    ///
    /// Measured with records of 413 bytes: 231 bytes a record beside its text, where pages of 4,096
    /// and 8,192 take 245. What it does to the rate was within the noise of the measurement.
    static let pageSize: Int64 = 16_384

    /// Entries in a segment, which is the width of a tile.
    static let segmentWidth: UInt64 = 256

    /// Indexes are below this: SQLite's integers end at 2^63 − 1.
    static let indexLimit = UInt64(Int64.max)

    static let statements = tables + rules

    static let rules = entryRules + removalRules + tileRules + headRules + constants

    static let tables = [
        """
        CREATE TABLE meta (
            name TEXT NOT NULL PRIMARY KEY CHECK (length(name) > 0),
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE head (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            size INTEGER NOT NULL CHECK (size > 0),
            root BLOB NOT NULL CHECK (length(root) = 32),
            commit_number INTEGER NOT NULL CHECK (commit_number > 0),
            last_leaf_ms INTEGER NOT NULL CHECK (last_leaf_ms >= 0),
            last_mac BLOB NOT NULL CHECK (length(last_mac) = 32),
            committed_at_ms INTEGER NOT NULL CHECK (committed_at_ms >= 0),
            checksum INTEGER NOT NULL
        ) STRICT
        """,
        // A leaf is u48(timestamp_ms), commitment, mac; a submission is key, u32(credential),
        // u32(checksum).
        """
        CREATE TABLE open_entry (
            idx INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
            leaf BLOB NOT NULL CHECK (length(leaf) = 70),
            submission BLOB NOT NULL CHECK (length(submission) = 40)
        ) STRICT
        """,
        """
        CREATE TABLE segment (
            number INTEGER NOT NULL PRIMARY KEY CHECK (number >= 0),
            hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
            leaves BLOB NOT NULL CHECK (length(leaves) = 17920),
            submissions BLOB NOT NULL CHECK (length(submissions) = 10240)
        ) STRICT
        """,
        """
        CREATE TABLE tile (
            level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 7),
            number INTEGER NOT NULL CHECK (number >= 0),
            hashes BLOB NOT NULL CHECK (length(hashes) % 32 = 0
                AND length(hashes) BETWEEN 32 AND 8192),
            PRIMARY KEY (level, number)
        ) STRICT, WITHOUT ROWID
        """,
        // A form is the digest and u32(checksum). The lengths are the head's to check.
        """
        CREATE TABLE content (
            idx INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
            seed BLOB NOT NULL,
            form BLOB NOT NULL,
            record BLOB NOT NULL
        ) STRICT
        """,
        // What was erased or pruned whole, and the committed record that announced it.
        """
        CREATE TABLE removal (
            first INTEGER NOT NULL PRIMARY KEY CHECK (first >= 0),
            last INTEGER NOT NULL CHECK (last >= first),
            removed_by INTEGER NOT NULL CHECK (removed_by > last)
        ) STRICT
        """,
        // What is left of a record after an erasure of fields.
        """
        CREATE TABLE reduced (
            idx INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
            fields BLOB NOT NULL CHECK (length(fields) > 6),
            removed_by INTEGER NOT NULL CHECK (removed_by > idx)
        ) STRICT
        """,
        """
        CREATE TABLE credential (
            number INTEGER NOT NULL PRIMARY KEY CHECK (number BETWEEN 1 AND 4294967295),
            tenant TEXT NOT NULL,
            name TEXT NOT NULL,
            checksum INTEGER NOT NULL,
            UNIQUE (tenant, name)
        ) STRICT
        """,
    ]

    private static let entryRules = [
        """
        CREATE TRIGGER content_insert BEFORE INSERT ON content
        WHEN NEW.idx < (SELECT size FROM head)
        BEGIN SELECT RAISE(FAIL, 'content is given with its entry'); END
        """,
        """
        CREATE TRIGGER open_entry_insert BEFORE INSERT ON open_entry
        WHEN NEW.idx < (SELECT size FROM head)
            OR EXISTS (SELECT 1 FROM segment WHERE number = NEW.idx / 256)
        BEGIN SELECT RAISE(FAIL, 'a committed entry is final'); END
        """,
        // With the rule before, a segment is equal to every open row that it ever covered.
        """
        CREATE TRIGGER open_entry_delete BEFORE DELETE ON open_entry
        WHEN NOT EXISTS (SELECT 1 FROM segment WHERE number = OLD.idx / 256)
        BEGIN SELECT RAISE(FAIL, 'an entry goes only when it is sealed'); END
        """,
        """
        CREATE TRIGGER segment_insert BEFORE INSERT ON segment
        WHEN 256 * NEW.number + 256 <= (SELECT size FROM head)
            OR EXISTS (
                SELECT 1 FROM open_entry AS o
                WHERE o.idx BETWEEN 256 * NEW.number AND 256 * NEW.number + 255
                    AND (o.leaf <> substr(NEW.leaves, 1 + 70 * (o.idx % 256), 70)
                    OR o.submission <> substr(NEW.submissions, 1 + 40 * (o.idx % 256), 40)))
        BEGIN SELECT RAISE(FAIL, 'a segment is what its entries were'); END
        """,
    ]

    /// Whether all content at an index was removed; removals never overlap.
    private static func isRemoved(_ index: String) -> String {
        """
        coalesce((SELECT last FROM removal WHERE first <= \(index) ORDER BY first DESC LIMIT 1), -1)
            >= \(index)
        """
    }

    private static let removalRules = [
        """
        CREATE TRIGGER removal_insert BEFORE INSERT ON removal
        WHEN NEW.removed_by >= (SELECT coalesce(max(size), 0) FROM head)
            OR coalesce((SELECT last FROM removal WHERE first <= NEW.last
                ORDER BY first DESC LIMIT 1), -1) >= NEW.first
        BEGIN SELECT RAISE(FAIL, 'a removal is announced first, and happens once'); END
        """,
        """
        CREATE TRIGGER reduced_insert BEFORE INSERT ON reduced
        WHEN NEW.removed_by >= (SELECT coalesce(max(size), 0) FROM head)
            OR NOT EXISTS (SELECT 1 FROM content WHERE idx = NEW.idx)
        BEGIN SELECT RAISE(FAIL, 'fields go from a record that is there, announced first'); END
        """,
        """
        CREATE TRIGGER reduced_update BEFORE UPDATE ON reduced
        WHEN NEW.idx <> OLD.idx OR NEW.removed_by <= OLD.removed_by
            OR NEW.removed_by >= (SELECT coalesce(max(size), 0) FROM head)
        BEGIN SELECT RAISE(FAIL, 'fields only go, announced first'); END
        """,
        """
        CREATE TRIGGER reduced_delete BEFORE DELETE ON reduced
        WHEN NOT \(isRemoved("OLD.idx"))
        BEGIN SELECT RAISE(FAIL, 'what is left goes only with the whole record'); END
        """,
        """
        CREATE TRIGGER content_delete BEFORE DELETE ON content
        WHEN NOT EXISTS (SELECT 1 FROM reduced WHERE idx = OLD.idx)
            AND NOT \(isRemoved("OLD.idx"))
        BEGIN SELECT RAISE(FAIL, 'content goes only when its removal is announced'); END
        """,
    ]

    private static let tileRules = [
        """
        CREATE TRIGGER tile_insert BEFORE INSERT ON tile
        WHEN EXISTS (SELECT 1 FROM tile WHERE level = NEW.level AND number = NEW.number)
        BEGIN SELECT RAISE(FAIL, 'a tile is only extended'); END
        """,
        """
        CREATE TRIGGER tile_update BEFORE UPDATE ON tile
        WHEN NEW.level <> OLD.level OR NEW.number <> OLD.number
            OR length(NEW.hashes) <= length(OLD.hashes)
            OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
        BEGIN SELECT RAISE(FAIL, 'a tile is only extended'); END
        """,
    ]

    private static let headRules =
        [("INSERT", "0"), ("UPDATE", "OLD.size")].map {
            statement, first in
            """
            CREATE TRIGGER head_\(statement.lowercased())_covered BEFORE \(statement) ON head
            WHEN NEW.size - \(first) <> (
                    SELECT count(*) FROM content WHERE idx >= \(first) AND idx < NEW.size
                    AND length(seed) = 32 AND length(form) = 36 AND length(record) > 1)
                OR NEW.size IS NOT (SELECT max(idx) + 1 FROM content)
                OR NEW.size IS NOT coalesce(
                    (SELECT max(idx) + 1 FROM open_entry),
                    (SELECT 256 * max(number) + 256 FROM segment))
            BEGIN SELECT RAISE(FAIL, 'the head covers the entries, all of them'); END
            """
        } + [
            """
            CREATE TRIGGER head_insert BEFORE INSERT ON head
            WHEN EXISTS (SELECT 1 FROM head)
            BEGIN SELECT RAISE(FAIL, 'there is one head'); END
            """,
            """
            CREATE TRIGGER head_update BEFORE UPDATE ON head
            WHEN NEW.id <> OLD.id OR NEW.size <= OLD.size
                OR NEW.commit_number <> OLD.commit_number + 1 OR NEW.last_leaf_ms < OLD.last_leaf_ms
            BEGIN SELECT RAISE(FAIL, 'the head only moves forward'); END
            """,
        ]

    private static let constants =
        [
            """
            CREATE TRIGGER meta_insert BEFORE INSERT ON meta
            WHEN EXISTS (SELECT 1 FROM meta WHERE name = NEW.name)
            BEGIN SELECT RAISE(FAIL, 'what the store is never changes'); END
            """,
            """
            CREATE TRIGGER credential_insert BEFORE INSERT ON credential
            WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM credential)
                OR EXISTS (
                    SELECT 1 FROM credential WHERE tenant = NEW.tenant AND name = NEW.name)
            BEGIN SELECT RAISE(FAIL, 'a credential keeps its number'); END
            """,
        ]
        + ["meta", "open_entry", "segment", "content", "credential", "removal"].map { table in
            """
            CREATE TRIGGER \(table)_update BEFORE UPDATE ON \(table)
            BEGIN SELECT RAISE(FAIL, 'rows of \(table) never change'); END
            """
        }
        + ["meta", "head", "segment", "tile", "credential", "removal"].map { table in
            """
            CREATE TRIGGER \(table)_delete BEFORE DELETE ON \(table)
            BEGIN SELECT RAISE(FAIL, 'rows of \(table) are never deleted'); END
            """
        }
}
