// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// Tests reach into our own modules: `tools/test` sets this. Nothing else is built for testing, for
/// it costs the optimiser half of its work.
let testing: [SwiftSetting] =
    Context.environment["BUILD_FOR_TESTING"] == nil ? [] : [.unsafeFlags(["-enable-testing"])]

let settings: [SwiftSetting] = testing + [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A library that other packages may use: it says `public`, and knows neither NIO nor SQL nor
/// Foundation unless its name says so.
func exported(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A library of this package alone: it says `package` at most.
func hidden(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name), "LogTesting"] + dependencies,
        swiftSettings: settings)
}

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(
    name: "HummingbirdTesting", package: "hummingbird")
let asyncHTTPClient = Target.Dependency.product(
    name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let configuration = Target.Dependency.product(
    name: "Configuration", package: "swift-configuration")
let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")

let package = Package(
    name: "evident",
    products: [
        .executable(name: "evident", targets: ["evident"]),
        .library(name: "LogClient", targets: ["LogClient"]),
        .library(name: "LogClientHTTP", targets: ["LogClientHTTP"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: ["YAML"]),
    ],
    targets: [
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(name: "CEpoll"),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CExplorer", exclude: ["web"]),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),

        exported("LogCrypto", ["COpenSSL"]),
        exported("Merkle", ["LogCrypto"]),
        exported("AuditChain", ["LogCrypto"]),
        exported("SignedNote", ["Merkle", "LogCrypto"]),
        exported("AuditRecords", ["AuditChain", "LogCrypto", "CRE2"]),
        exported("LogClient", ["SignedNote", "Merkle", "AuditChain", "LogCrypto"]),
        exported(
            "LogClientHTTP",
            ["LogClient", "AuditChain", "Merkle", asyncHTTPClient, nioCore, nioHTTP1]),

        hidden("LogStorage", ["Merkle", "AuditChain", "LogCrypto", "CZlib"]),
        hidden(
            "SQLiteStorage", ["LogStorage", "Merkle", "AuditChain", "LogCrypto", "CSQLite"]),
        hidden(
            "TransparencyLog",
            ["LogStorage", "SignedNote", "Merkle", "AuditChain", "LogCrypto", logging]),
        hidden(
            "LogServer",
            [
                "TransparencyLog", "LogStorage", "LogClient", "AuditRecords", "SignedNote", "Merkle",
                "AuditChain", "LogCrypto", "CExplorer", hummingbird, hummingbirdCore, httpTypes,
                nioCore, nioHTTP1, logging, serviceLifecycle,
            ]),
        hidden("LoadGenerator", ["CEpoll"]),
        .executableTarget(
            name: "evident",
            dependencies: [
                "LogServer", "LogClientHTTP", "LogClient", "LoadGenerator", "TransparencyLog",
                "SQLiteStorage", "LogStorage", "AuditRecords", "SignedNote", "Merkle",
                "AuditChain", "LogCrypto", argumentParser, configuration, asyncHTTPClient,
                logging, serviceLifecycle, unixSignals, nioCore, nioPosix,
            ], swiftSettings: settings),

        .target(
            name: "LogTesting", dependencies: ["Merkle", "LogCrypto"], path: "Tests/LogTesting",
            swiftSettings: settings),
        .target(
            name: "StorageTesting", dependencies: ["LogStorage", "Merkle", "AuditChain", "LogCrypto"],
            path: "Tests/StorageTesting", swiftSettings: settings),
        tests(of: "LogCrypto"),
        tests(of: "Merkle", ["LogCrypto"]),
        tests(of: "AuditChain", ["LogCrypto"]),
        tests(of: "SignedNote", ["Merkle", "LogCrypto"]),
        tests(of: "AuditRecords", ["AuditChain", "LogCrypto"]),
        tests(of: "LogClient", ["SignedNote", "Merkle", "AuditChain", "LogCrypto"]),
        tests(of: "LogStorage", ["StorageTesting", "LogCrypto"]),
        tests(
            of: "SQLiteStorage",
            ["StorageTesting", "LogStorage", "AuditChain", "LogCrypto"]),
        tests(
            of: "TransparencyLog",
            [
                "StorageTesting", "SQLiteStorage", "LogStorage", "SignedNote", "Merkle", "AuditChain",
                "LogCrypto", logging,
            ]),
        tests(
            of: "LogServer",
            [
                "StorageTesting", "TransparencyLog", "LogStorage", "LogClient", "AuditRecords", "SignedNote",
                "Merkle", "AuditChain", "LogCrypto", hummingbird, hummingbirdTesting, httpTypes,
                nioCore, nioHTTP1, logging, serviceLifecycle,
            ]),
        tests(of: "LoadGenerator"),
        tests(
            of: "evident",
            [
                "LogClientHTTP", "LoadGenerator", "SQLiteStorage", "LogStorage", "Merkle",
                "AuditChain", "LogCrypto", nioCore,
            ]),
    ],
    cxxLanguageStandard: .cxx17
)
