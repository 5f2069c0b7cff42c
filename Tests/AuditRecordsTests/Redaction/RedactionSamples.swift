// SPDX-License-Identifier: Apache-2.0

import LogTesting

/// What a rule must find, and in which text.
struct RedactionSample: Sendable {
    let rule: String
    /// With whatever must stand beside it.
    let text: String
    /// What may not survive.
    let value: String

    init(_ rule: String, _ text: String, _ value: String? = nil) {
        self.rule = rule
        self.text = text
        self.value = value ?? text
    }

    static let all = secrets + personal + host + national

    /// Letters and digits of a seed.
    static func random(
        _ count: Int, _ alphabet: String = lettersAndDigits, seed: UInt64
    ) -> String {
        var generator = SeededGenerator(seed: seed &+ UInt64(count))
        let characters = Array(alphabet)
        return String(
            (0..<count).map { _ in
                characters[Int.random(in: 0..<characters.count, using: &generator)]
            })
    }

    static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    static let lettersAndDigits = letters + "0123456789"

    // MARK: Secrets: filler behind the published prefixes

    private static let secrets: [RedactionSample] = (0..<4).flatMap { (seed: UInt64) in
        let r = { (count: Int) in random(count, seed: seed * 1000) }
        let upper = random(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", seed: seed)
        let hex = random(64, "0123456789abcdef", seed: seed)
        let jwt =
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzYW1wbGUiLCJuIjoxMjM0fQ." + r(43)
        let password = "hunter-\(r(9))"
        return [
            RedactionSample("jwt", jwt),
            RedactionSample("bearer", "Bearer 7\(r(31))", "7\(r(31))"),
            RedactionSample(
                "uri_cred", "postgres://app:\(password)@db.example.com/x", "app:\(password)"),
            RedactionSample("kv_secret", "client_secret=\(r(24))", r(24)),
            RedactionSample(
                "pem_private",
                "-----BEGIN PRIVATE KEY-----\nMIIE\(r(60))\n-----END PRIVATE KEY-----", r(60)),
            RedactionSample("aws_key_id", ["AKIA", "ASIA", "ABIA", "ACCA"][Int(seed)] + upper),
            RedactionSample("github", ["ghp_", "gho_", "ghs_", "ghu_"][Int(seed)] + r(36)),
            RedactionSample("github", "github_pat_" + r(22) + "_" + r(59)),
            RedactionSample("openai", "sk-proj-" + r(48)),
            RedactionSample("openai", "sk-" + r(20) + "T3BlbkFJ" + random(20, seed: seed + 9)),
            RedactionSample("anthropic", "sk-ant-api03-" + r(93) + "AA"),
            RedactionSample("gitlab", "glpat-" + r(20)),
            RedactionSample("slack", "xoxb-\(random(12, "123456789", seed: seed))-\(r(24))"),
            RedactionSample("stripe", "sk_test_" + r(24)),
            RedactionSample("gcp_api", "AIza" + r(35)),
            RedactionSample("huggingface", "hf_" + random(34, letters, seed: seed)),
            RedactionSample("npm", "npm_" + r(36)),
            RedactionSample("sendgrid", "SG." + r(22) + "." + r(43)),
            RedactionSample("vault", "hvs." + r(95)),
            RedactionSample("digitalocean", "dop_v1_" + hex),
            RedactionSample(
                "age_secret",
                "AGE-SECRET-KEY-1" + random(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", seed: seed)),
        ]
    }

    // MARK: Personal data: published test numbers and reserved names

    private static let personal: [RedactionSample] =
        [
            "alice@example.com", "bob.smith@mail.example.co.uk", "o'neil+news@example.org",
            "x_1%y@sub.domain.example.net", "JOHN@EXAMPLE.COM",
        ].map { RedactionSample("email", $0) }
        + [
            // The card networks' and payment providers' published test numbers.
            "4111111111111111", "4012888888881881", "4242 4242 4242 4242", "5555-5555-5555-4444",
            "5105105105105100", "2223003122003222", "378282246310005", "3782 822463 10005",
            "371449635398431", "6011111111111117", "3530111333300000", "30569309025904",
            "3056 930902 5904", "6200000000000005",
        ].map { RedactionSample("pan", $0) }
        + [
            // The registry's example of each country.
            "DE89 3704 0044 0532 0130 00", "GB29 NWBK 6016 1331 9268 19",
            "FR1420041010050500013M02606", "NL91ABNA0417164300", "BE68 5390 0754 7034",
            "ES9121000418450200051332", "IT60X0542811101000000123456", "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S", "CH9300762011623852957",
        ].map { RedactionSample("iban", $0) }
        + ["536-22-1234", "219 09 9998", "SSN 536221234"].map {
            RedactionSample("us_ssn", $0, $0.replacing("SSN ", with: ""))
        }
        + ["AB123456C", "CE 12 34 56 D", "JG103759A"].map { RedactionSample("uk_nino", $0) }
        + [
            "+1 212 555 0123", "+44 20 7946 0958", "+442079460958", "(212) 555-0123",
            "212-555-0187", "212.555.0187", "1-212-555-0187", "+49 30 23125 0000",
        ].map { RedactionSample("phone", $0) }

    private static let host: [RedactionSample] =
        ["192.0.2.7", "198.51.100.255", "203.0.113.9"].map { RedactionSample("ipv4", $0) }
        + ["2001:db8::1", "2001:db8:85a3:8d3:1319:8a2e:370:7348", "fe80::1ff:fe23:4567:890a"]
        .map { RedactionSample("ipv6", $0) }
        + ["00:00:5e:00:53:af", "00-00-5E-00-53-AF", "0000.5e00.53af"].map {
            RedactionSample("mac", $0)
        }
        + ["pid=12345", "PID: 4242", "process id 31337", "tid#99"].map {
            RedactionSample("pid", $0)
        }
        + [
            RedactionSample("unix_path", "/home/" + "oneil/.ssh/id_ed25519"),
            RedactionSample("unix_path", "/mnt/backup/2026/db.tar"),
            RedactionSample("unix_path", "/Users/" + "oneil/notes.txt"),
            RedactionSample("windows_path", #"C:\Users\oneil\notes.txt"#),
            RedactionSample("windows_path", #"\\files1\share\plan.docx"#),
            RedactionSample("hostname", "db-1.prod.internal"),
            RedactionSample("hostname", "printer7.office.local"),
            RedactionSample("username", "user=oneil_j", "oneil_j"),
        ]

    // MARK: National identifiers: the issuers' examples and numbers made to their rules

    private static let national: [RedactionSample] = [
        RedactionSample("us_itin", "900-70-0000"),
        RedactionSample("us_npi", "NPI 1234567893", "1234567893"),
        RedactionSample("us_aba", "routing 021000021", "021000021"),
        RedactionSample("us_dea", "AB1234563"), RedactionSample("us_mbi", "1EG4-TE5-MK73"),
        RedactionSample("us_passport", "passport 963545637", "963545637"),
        RedactionSample("ca_sin", "SIN 130 692 544", "130 692 544"),
        RedactionSample("br_cpf", "529.982.247-25"),
        RedactionSample("br_cnpj", "11.222.333/0001-81"),
        RedactionSample("uk_nhs", "943 476 5919"),
        RedactionSample("uk_utr", "UTR 1955839661", "1955839661"),
        RedactionSample("uk_sort_code", "sort code 20-00-00", "20-00-00"),
        RedactionSample("eu_vat", "VAT DE136695976", "DE136695976"),
        RedactionSample("eu_vat", "TVA FR40303265045", "FR40303265045"),
        RedactionSample("de_steuer_id", "Steuer 86 095 742 719", "86 095 742 719"),
        RedactionSample("fr_nir", "2 55 08 14 168 025 38"), RedactionSample("es_nif", "12345678Z"),
        RedactionSample("es_nif", "X1234567L"),
        RedactionSample("it_codice_fiscale", "RSSMRA85T10A562S"),
        RedactionSample("pl_pesel", "PESEL 44051401359", "44051401359"),
        RedactionSample("nl_bsn", "BSN 111222333", "111222333"),
        RedactionSample("se_personnummer", "811218-9876"),
        RedactionSample("fi_hetu", "131052-308T"), RedactionSample("be_nn", "85.07.30-033.28"),
        RedactionSample("au_tfn", "TFN 123 456 782", "123 456 782"),
        RedactionSample("au_abn", "51 824 753 556"),
        RedactionSample("au_medicare", "2123 45670 1"),
        RedactionSample("in_aadhaar", "2341 2341 2346"), RedactionSample("in_pan", "AFZPK7190K"),
        RedactionSample("sg_nric", "S1234567D"), RedactionSample("kr_rrn", "900101-1234568"),
        RedactionSample("za_id", "ID number 8001015009087", "8001015009087"),
    ]
}
