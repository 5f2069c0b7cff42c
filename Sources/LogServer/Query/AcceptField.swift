// SPDX-License-Identifier: Apache-2.0

/// What an Accept field asks for (RFC 9110, section 12.5.1).
enum AcceptField {
    /// The form that the field likes best; nil if it takes none.
    ///
    /// Of equals the earlier one in the field wins.
    ///
    /// - Parameters:
    ///   - usual: the form for a field that says nothing.
    ///   - form: the form for a media range without its parameters, in lower case.
    static func preferred<Form>(
        _ accept: String, usual: Form, form: (String) -> Form?
    ) -> Form? {
        if accept.allSatisfy({ $0 == " " || $0 == "," }) { return usual }
        var best: (form: Form, weight: Double)?
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map {
                $0.filter { $0 != " " && $0 != "\t" }.lowercased()
            }
            guard let name = parts.first, let found = form(name) else { continue }
            let weight =
                parts.dropFirst().first { $0.hasPrefix("q=") }
                .map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > 0, weight > best?.weight ?? 0 { best = (found, weight) }
        }
        return best?.form
    }
}
