// SPDX-License-Identifier: Apache-2.0

/// Counts of texts, without a text being made of any that is counted already.
struct TextCounts: Sendable {
    private struct Slot {
        let text: [UInt8]
        var count: UInt64
        /// The next slot whose text has the same hash; negative for none.
        let next: Int
    }

    /// Different texts that are counted.
    let limit: Int
    private var slots: [Slot] = []
    /// By hash, the newest slot.
    private var places: [Int: Int] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    /// Counts a text once; false if it is new, and there is no room for more.
    mutating func add(_ text: UnsafeRawBufferPointer) -> Bool {
        var hasher = Hasher()
        hasher.combine(bytes: text)
        let hash = hasher.finalize()
        let first = places[hash] ?? -1
        var place = first
        while place >= 0 {
            if slots[place].text.elementsEqual(text) {
                slots[place].count += 1
                return true
            }
            place = slots[place].next
        }
        guard slots.count < limit else { return false }
        places[hash] = slots.count
        slots.append(Slot(text: Array(text), count: 1, next: first))
        return true
    }

    /// Each text and how often it was counted, in the order of their first appearance.
    var all: [(text: String, count: UInt64)] {
        slots.map { (String(decoding: $0.text, as: UTF8.self), $0.count) }
    }
}
