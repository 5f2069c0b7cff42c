// SPDX-License-Identifier: Apache-2.0

/// Keys, tokens and passwords by their published shapes.
///
/// Samples are filler of the right length.
enum SecretRules {
    static let all = generic + clouds + services

    private static let filler = Recogniser.filler
    private static let bounded = Recogniser.bounded
    /// What begins a name of a secret in running text and in settings files.
    private static let names =
        "password|passwd|pwd|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token|"
        + "access[_-]?token|refresh[_-]?token|client[_-]?secret|private[_-]?key|account[_-]?key"

    private static let generic: [Recogniser] = [
        Recogniser(
            "jwt", .secret,
            bounded(#"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"#),
            triggers: [#"eyJ[A-Za-z0-9_-]{10}"#], .jwt,
            yes: ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzYW1wbGUifQ.\(filler(43))"],
            no: [
                "eyJhbGciOiJIUzI1NiJ9", "eyJmb28iOiJiYXJiYXIifQ.eyJzdWIiOiIxMjM0In0.\(filler(43))",
            ]),
        Recogniser(
            "bearer", .secret,
            #"(?i)(?:^|[^A-Za-z0-9])(?:bearer|basic|token)[ \t]+([A-Za-z0-9._~+/=-]{12,})"#,
            .credential,
            yes: ["Authorization: Bearer \(filler(32))", "Basic dXNlcjpwYXNzd29yZA=="],
            no: ["basic understanding of it", "token authentication-required", "Bearer of news"]),
        Recogniser(
            "uri_cred", .secret,
            #"(?i)(?:^|[^A-Za-z0-9+.-])[a-z][a-z0-9+.-]{1,20}"#
                + #"://([^\s:@/"']{0,128}:[^\s@/"']{1,256})@"#,
            triggers: [#"://[^\s@/"']*:[^\s@/"']*@"#],
            yes: ["postgres://app:hunter2@db.example.com/x", "redis://:hunter2@cache:6379"],
            no: ["https://example.com:8443/a", "ssh://git@example.com/x"]),
        Recogniser(
            "kv_secret", .secret,
            "(?i)(?:\(names))[\"']?\\s{0,3}[:=]\\s{0,3}[\"']?"
                + #"([^\s"',;}<&][^\s"',;}&]{5,199})"#,
            .password,
            yes: ["password=hunter2hunter2", "AWS_SECRET_ACCESS_KEY: \(filler(40))"],
            no: ["password=short", "the secret is out", "password: incorrect"]),
        Recogniser(
            "pem_private", .secret,
            "-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
            triggers: ["-----BEGIN[ A-Z0-9_-]*PRIVATE KEY"], .pem,
            yes: ["-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----"],
            no: ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"]),
        Recogniser(
            "age_secret", .secret,
            bounded("AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
            triggers: ["AGE-SECRET-KEY-1"],
            yes: ["AGE-SECRET-KEY-1" + String(repeating: "Q", count: 58)],
            no: ["AGE-SECRET-KEY-1QQQQ", "age1qqqqqqqqqqqqqqqqqqqq"]),
    ]

    private static let clouds: [Recogniser] = [
        Recogniser(
            "aws_key_id", .secret, bounded("(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
            yes: ["AKIAIOSFODNN7EXAMPLE", "key_ASIAIOSFODNN7EXAMPLE"],
            no: ["AKIAIOSFODNN", "XAKIAIOSFODNN7EXAMPLE"]),
        Recogniser(
            "gcp_api", .secret, bounded(#"AIza[\w-]{35}"#), triggers: ["AIza"],
            yes: ["AIza" + filler(35)], no: ["AIza" + filler(20)]),
        Recogniser(
            "digitalocean", .secret, bounded("do[opr]_v1_[a-f0-9]{64}"), triggers: ["do[opr]_v1_"],
            yes: ["dop_v1_" + String(repeating: "0f", count: 32)],
            no: ["dop_v1_" + String(repeating: "0f", count: 8)]),
        Recogniser(
            "vault", .secret, bounded(#"hv[sb]\.[\w-]{24,200}"#), triggers: [#"hv[sb]\.[\w-]{8}"#],
            yes: ["hvs." + filler(95)], no: ["hvs.short"]),
    ]

    private static let services: [Recogniser] = [
        Recogniser(
            "github", .secret,
            bounded("gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_[0-9A-Za-z_]{82}"),
            triggers: ["gh[pousr]_[0-9A-Za-z]{8}", "github_pat_"],
            yes: ["ghp_" + filler(36), "github_pat_" + filler(82)],
            no: ["ghp_" + filler(12), "ghp_token"]),
        Recogniser(
            "openai", .secret,
            bounded(
                "sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,200}"
                    + "|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"),
            triggers: ["sk-(?:proj|svcacct|admin)-", "T3BlbkFJ"],
            yes: ["sk-proj-" + filler(48), "sk-" + filler(20) + "T3BlbkFJ" + filler(20)],
            no: ["sk-proj-short", "task-project-" + filler(20)]),
        Recogniser(
            "anthropic", .secret,
            bounded("sk-ant-(?:api|admin|sid|oat)[0-9]{2}-[A-Za-z0-9_-]{40,200}"),
            triggers: ["sk-ant-"],
            yes: ["sk-ant-api03-" + filler(93) + "AA"], no: ["sk-ant-api03-short"]),
        Recogniser(
            "gitlab", .secret, bounded("glpat-[0-9A-Za-z_.-]{20,300}"), triggers: ["glpat-"],
            yes: ["glpat-" + filler(20)], no: ["glpat-" + filler(9)]),
        Recogniser(
            "slack", .secret, bounded("xox[abposre]-[0-9A-Za-z-]{10,160}"),
            triggers: ["xox[abposre]-"],
            yes: ["xoxb-" + filler(24)], no: ["xoxb-short", "xoxo-xoxo"]),
        Recogniser(
            "stripe", .secret, bounded("(?:sk|rk)_(?:test|live|prod)_[a-zA-Z0-9]{10,99}"),
            triggers: ["[sr]k_(?:test|live|prod)_"],
            yes: ["sk_test_" + filler(24)], no: ["sk_test_key", "pk_test_" + filler(24)]),
        Recogniser(
            "huggingface", .secret, bounded("hf_[A-Za-z]{34}"), triggers: ["hf_[A-Za-z]{8}"],
            yes: ["hf_" + String(repeating: "aBcDeFgHiJkLmNoPq", count: 2)],
            no: ["hf_hub_download", "hf_" + filler(34)]),
        Recogniser(
            "npm", .secret, bounded("npm_[A-Za-z0-9]{36}"), triggers: ["npm_[A-Za-z0-9]{8}"],
            yes: ["npm_" + filler(36)], no: ["npm_config_registry", "npm_" + filler(20)]),
        Recogniser(
            "sendgrid", .secret, bounded(#"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"#),
            triggers: [#"SG\.[A-Za-z0-9_-]{8}"#],
            yes: ["SG." + filler(22) + "." + filler(43)], no: ["SG.example.com"]),
    ]
}
