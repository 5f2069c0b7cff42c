// SPDX-License-Identifier: Apache-2.0

/// How a receipt is written.
enum ReceiptFormat: Hashable, Sendable {
    case json
    /// An RFC 9942 receipt, under the media type that was asked for.
    case cose(type: String)

    /// As the parameter `format` asks, else as the Accept field does.
    init(_ query: Query, accept: [String]) throws(Problem) {
        switch query["format"] {
        case "json": self = .json
        case "cose": self = .cose(type: MediaTypes.cose)
        case .some: throw .invalidParameter("format", "Ask for json or cose.")
        case nil:
            guard let format = Self.preferred(accept.joined(separator: ",")) else {
                var problem = Problem(.notAcceptable)
                problem.advice = "Accept application/json or application/cose, or give format."
                throw problem
            }
            self = format
        }
    }

    static func preferred(_ accept: String) -> ReceiptFormat? {
        AcceptField.preferred(accept, usual: .json) { range in
            switch range {
            case "*/*", "application/*", MediaTypes.json: .json
            case MediaTypes.cose, MediaTypes.scittReceipt: .cose(type: range)
            default: nil
            }
        }
    }
}
