// SPDX-License-Identifier: Apache-2.0

/// Personal data that every deployment meets.
///
/// Samples are published test numbers and reserved names.
enum PersonalRules {
    static let all = [email, card, iban, ssn, nino, phone]

    private static let bounded = Recogniser.bounded

    /// Of the characters that RFC 5321 allows before the @, those that URLs and settings use as
    /// separators (`/ = ? & # | { }`) begin a new word here.
    private static let email = Recogniser(
        "email", .email,
        bounded(
            "[A-Za-z0-9][A-Za-z0-9.!$%'*+^_`~-]{0,63}@"
                + #"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}"#),
        triggers: [#"[A-Za-z0-9.!$%'*+^_`~-]@[A-Za-z0-9-]+\.[A-Za-z0-9]"#], .email,
        yes: ["alice@example.com", "to=o'neil+x@mail.example.co.uk,"],
        no: ["git@example.com:x/y.git", "getty@tty1.service", "logo@2x.png", "a @ b.c"])

    private static let card = Recogniser(
        "pan", .card,
        bounded(
            "[2-6][0-9]{12,18}"
                + "|[2-6][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?:[ -][0-9]{1,3})?"
                + "|3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}"),
        .cardNumber, context: ["card", "pan", "credit", "debit", "visa", "mastercard", "maestro"],
        yes: ["4111 1111 1111 1111", "3782-822463-10005", "card 4222222222222"],
        no: ["4111111111111112", "66001917-6918-4975", "5400000000000001234"])

    private static let iban = Recogniser(
        "iban", .iban, bounded("[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"),
        triggers: [bounded("[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}[A-Z0-9 ]*")], .iban,
        yes: ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
        no: ["DE89370400440532013001", "AB12CDEF34560000"])

    private static let ssn = Recogniser(
        "us_ssn", .national, bounded("[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}"),
        triggers: [bounded("[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}"), "(?i)ssn|social.?security"], .usSSN,
        context: ["ssn", "social security", "social_security"],
        yes: ["536-22-1234", "id_536-22-1234_x", "SSN 536221234"],
        no: ["000-12-3456", "666-12-3456", "536-22 1234", "536221234", "078-05-1120"])

    private static let nino = Recogniser(
        "uk_nino", .national,
        bounded(
            "[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"), .ukNINO,
        yes: ["AB123456C", "AB 12 34 56 C"], no: ["BG123456C", "QQ123456C"])

    private static let phone = Recogniser(
        "phone", .phone,
        #"(?:^|[^A-Za-z0-9+])(\+[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{1,4}\)?){2,5})(?:$|[^A-Za-z0-9])"#
            + #"|(?:^|[^A-Za-z0-9.-])((?:1[ .-])?\(?[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4})"#
            + "(?:$|[^A-Za-z0-9])",
        triggers: [
            #"\+[1-9][0-9 .()-]{6}"#,
            #"[2-9][0-9]{2}\)?[ .-][2-9][0-9]{2}[ .-][0-9]{4}(?:$|[^A-Za-z0-9])"#,
        ],
        .phone, context: ["phone", "tel", "call", "mobile", "cell", "fax", "sms", "contact"],
        yes: ["+1 212 555 0123", "+442079460958", "(212) 555-0123", "tel 212 555 0123"],
        no: ["+12", "2026-06-01T08:00:01+10:00", "404 500 2024", "911-555-0123"])
}
