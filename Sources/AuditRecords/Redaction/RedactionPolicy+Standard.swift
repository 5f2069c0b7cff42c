// SPDX-License-Identifier: Apache-2.0

extension RedactionPolicy {
    /// What runs unless an operator says otherwise: secrets and personal data by published shapes.
    ///
    /// The `host` pack is not part of it: which file an agent read and which address a request came
    /// from are what an audit log is asked for. Whoever acts or approves stays recognisable: an
    /// e-mail address there becomes a token, the same for the same person.
    public static let standard = RedactionPolicy(id: "standard", fields: standardFields)

    /// The field policy of ``standard``.
    public static let standardFields: [String: FieldPolicy] = [
        "actor.id": .matches(.token),
        "actor.on_behalf_of.id": .matches(.token),
        "approval.approver": .matches(.token),
        "approval.approver.id": .matches(.token),
        "target.id": .matches(.token),
        "trace.span_id": .keep(.hex16),
        "trace.parent_id": .keep(.hex16),
    ]

    /// Names whose values are always taken out.
    ///
    /// Matched without case and separators, against the whole name or the end of it from a
    /// separator on: `user_password` is one; `token_count` and `secret_name` are none.
    public static let standardDeniedNames: Set<String> = [
        "password", "passwd", "pwd", "passphrase", "passcode", "secret", "token", "bearer",
        "authorization", "proxy_authorization", "cookie", "set_cookie", "api_key", "access_key",
        "secret_key", "private_key", "account_key", "signing_key", "encryption_key",
        "client_secret",
        "passwords", "secrets", "cookies", "api_keys", "credentials", "connection_string", "ssn",
        "social_security_number", "cvv", "cvc",
        "card_number",
    ]
}
