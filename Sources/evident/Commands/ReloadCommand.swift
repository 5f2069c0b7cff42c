// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `evident reload`: a running server reads its tokens again.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have a running server read its tokens again.",
        discussion: """
            EXAMPLE
              evident reload --data /var/lib/evident

            Needed only after the file of tokens was put back from a backup: `evident token` tells
            the server by itself.
            """)

    @OptionGroup var folder: DataOptions

    func run() async throws {
        let isServed = try await TokenAccess.with(folder) { (access) async throws in
            try await access.reload()
        }
        Terminal.say(
            isServed
                ? "evident: the tokens were read again"
                : "evident: no server runs; the next one reads them")
    }
}
