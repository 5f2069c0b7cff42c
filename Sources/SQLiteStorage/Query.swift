// SPDX-License-Identifier: Apache-2.0

/// Every statement that is kept prepared, whole.
enum Query: Int, CaseIterable {
    case head
    case segmentHashes, segmentLeaves, segmentSubmissions, segment
    case openLeaves, openSubmissions, openEntries
    case contents, kept, keptRecords, reducedAt, removalBefore, removals
    case tile
    case credential, credentialNumber
    case deleteContent, deleteReduced, insertReduced, updateReduced, insertRemoval
    case insertContent, insertOpenEntry, insertSegment, deleteOpenEntries
    case insertTile, updateTile
    case insertHead, updateHead
    case insertCredential

    var sql: String {
        switch self {
        case .head:
            """
            SELECT size, root, commit_number, last_leaf_ms, last_mac, committed_at_ms, checksum
            FROM head WHERE id = 1
            """
        case .segmentHashes:
            "SELECT number, hashes FROM segment WHERE number BETWEEN ? AND ? ORDER BY number"
        case .segmentLeaves:
            "SELECT number, leaves FROM segment WHERE number BETWEEN ? AND ? ORDER BY number"
        case .segmentSubmissions:
            "SELECT number, submissions FROM segment WHERE number BETWEEN ? AND ? ORDER BY number"
        case .segment: "SELECT hashes, leaves, submissions FROM segment WHERE number = ?"
        case .openLeaves:
            "SELECT idx, leaf FROM open_entry WHERE idx BETWEEN ? AND ? ORDER BY idx"
        case .openSubmissions:
            "SELECT idx, submission FROM open_entry WHERE idx BETWEEN ? AND ? ORDER BY idx"
        case .openEntries: "SELECT idx, leaf, submission FROM open_entry ORDER BY idx"
        case .contents:
            "SELECT idx, seed, form, record FROM content WHERE idx BETWEEN ? AND ? ORDER BY idx"
        case .kept:
            """
            SELECT idx, seed, form, record FROM content WHERE idx BETWEEN ?1 AND ?2
            UNION ALL SELECT idx, NULL, NULL, fields FROM reduced WHERE idx BETWEEN ?1 AND ?2
            ORDER BY idx
            """
        case .keptRecords:
            """
            SELECT idx, 1, record FROM content WHERE idx BETWEEN ?1 AND ?2
            UNION ALL SELECT idx, 0, fields FROM reduced WHERE idx BETWEEN ?1 AND ?2
            ORDER BY idx
            """
        case .reducedAt: "SELECT fields, removed_by FROM reduced WHERE idx = ?"
        case .removalBefore:
            """
            SELECT first, last, removed_by FROM removal WHERE first <= ?
            ORDER BY first DESC LIMIT 1
            """
        case .removals:
            """
            SELECT first, last, removed_by FROM removal WHERE first BETWEEN ? AND ? ORDER BY first
            """
        case .tile: "SELECT hashes FROM tile WHERE level = ? AND number = ?"
        case .credential: "SELECT tenant, name, checksum FROM credential WHERE number = ?"
        case .credentialNumber:
            "SELECT number FROM credential WHERE tenant = ? AND name = ?"
        case .deleteContent: "DELETE FROM content WHERE idx BETWEEN ? AND ?"
        case .deleteReduced: "DELETE FROM reduced WHERE idx BETWEEN ? AND ?"
        case .insertReduced:
            "INSERT OR FAIL INTO reduced (fields, removed_by, idx) VALUES (?, ?, ?)"
        case .updateReduced: "UPDATE reduced SET fields = ?, removed_by = ? WHERE idx = ?"
        case .insertRemoval:
            "INSERT OR FAIL INTO removal (first, last, removed_by) VALUES (?, ?, ?)"
        case .insertContent:
            "INSERT OR FAIL INTO content (idx, seed, form, record) VALUES (?, ?, ?, ?)"
        case .insertOpenEntry:
            "INSERT OR FAIL INTO open_entry (idx, leaf, submission) VALUES (?, ?, ?)"
        case .insertSegment:
            """
            INSERT OR FAIL INTO segment (number, hashes, leaves, submissions)
            VALUES (?, ?, ?, ?)
            """
        case .deleteOpenEntries: "DELETE FROM open_entry WHERE idx BETWEEN ? AND ?"
        case .insertTile: "INSERT INTO tile (hashes, level, number) VALUES (?, ?, ?)"
        case .updateTile: "UPDATE tile SET hashes = ? WHERE level = ? AND number = ?"
        case .insertHead:
            """
            INSERT INTO head (size, root, commit_number, last_leaf_ms, last_mac, committed_at_ms,
                checksum, id) VALUES (?, ?, ?, ?, ?, ?, ?, 1)
            """
        case .updateHead:
            """
            UPDATE head SET size = ?, root = ?, commit_number = ?, last_leaf_ms = ?, last_mac = ?,
                committed_at_ms = ?, checksum = ?
            """
        case .insertCredential:
            """
            INSERT INTO credential (number, tenant, name, checksum)
            SELECT coalesce(max(number), 0) + 1, ?, ?, ? FROM credential RETURNING number
            """
        }
    }
}
