// SPDX-License-Identifier: Apache-2.0

package import AuditChain

/// What a record that is being prepared will be found by: the same as ``RecordTerms`` reads of it
/// once it is stored, without another parse.
///
/// Valid only while it is lent.
package struct LentTerms {
    private let reader: RecordTermReader
    private let input: UnsafeRawBufferPointer
    private let id, tenant: String
    package let time: Timestamp
    package let received: Timestamp
    package var severity: Int? { reader.severity }

    /// - Parameters:
    ///   - tape: the record without its stamps; `input` is its text.
    ///   - time: what the record says, or the stamp in its place.
    init(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, id: String, tenant: String,
        time: Timestamp, received: Timestamp
    ) {
        var reader = RecordTermReader()
        reader.read(tape, input)
        self.reader = reader
        self.input = input
        self.id = id
        self.tenant = tenant
        self.time = time
        self.received = received
    }

    /// Lends every text but the category to `body`, unescaped; the record's id without a field.
    package func forEachText(_ body: (FilterField?, UnsafeRawBufferPointer) -> Void) {
        reader.forEachText(in: input) { field, text in
            // The log's own word on these is what is stored.
            if field != nil, field != .tenant { body(field, text) }
        }
        for (field, text) in [(nil, id), (.tenant, tenant)] as [(FilterField?, String)] {
            var text = text
            text.withUTF8 { body(field, UnsafeRawBufferPointer($0)) }
        }
    }
}
