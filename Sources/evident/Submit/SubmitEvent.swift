// SPDX-License-Identifier: Apache-2.0

/// A line, and the record that is sent for it.
struct SubmitEvent {
    /// Counted from 1.
    let number: UInt64
    let line: [UInt8]
    let record: [UInt8]
}

/// Makes records of lines.
struct LineAdapter: Sendable {
    /// Why a line is no event of its format; says nothing of its content.
    struct Refusal: Error {
        let code: String
        let detail: String
    }

    /// A record, and whether it can be written as the line that it was.
    struct Adapted {
        let record: [UInt8]
        let isExact: Bool
    }

    private let adapt: @Sendable ([UInt8], UInt64) throws(Refusal) -> Adapted

    init(_ adapt: @escaping @Sendable ([UInt8], UInt64) throws(Refusal) -> Adapted) {
        self.adapt = adapt
    }

    func callAsFunction(_ line: [UInt8], _ number: UInt64) -> Result<Adapted, Refusal> {
        Result { () throws(Refusal) in try adapt(line, number) }
    }
}
