# SPDX-License-Identifier: Apache-2.0
"""What tools/lint-house --self-test runs: for each rule a file that breaks it."""

SPDX = "SPDX-License-Identifier: Apache-2.0"
HEAD = f"// {SPDX}\n"
# Rule, file, content, a part of the message; an empty part means that nothing may be found.
CASES = [
    ("licence", "Sources/Merkle/A.swift", "import LogCrypto\n", "no licence line"),
    ("licence in scripts", "tools/x", "#!/bin/sh\ntrue\n", "no licence line"),
    ("file length", "Sources/Merkle/A.swift", HEAD + "\n" * 400, "split the file"),
    ("function length", "Sources/Merkle/A.swift",
     HEAD + "func long() {\n" + "    f()\n" * 60 + "}\n", "cut it into steps"),
    ("function length, initialiser", "Sources/Merkle/A.swift",
     HEAD + "struct A {\n    init() {\n" + "    f()\n" * 60 + "}\n}\n", "cut it into steps"),
    ("public in a hidden target", "Sources/LogServer/A.swift", HEAD + "public struct A {}\n",
     "package` at most"),
    ("public after an attribute", "Sources/LogServer/A.swift",
     HEAD + "@inlinable\npublic func a() {}\n", "package` at most"),
    ("public import in a hidden target", "Sources/LogServer/A.swift",
     HEAD + "public import Merkle\n", "package import"),
    ("libcrypto outside its target", "Sources/Merkle/A.swift", HEAD + "import COpenSSL\n",
     "outside LogCrypto"),
    ("libsqlite outside its target", "Sources/TransparencyLog/A.swift", HEAD + "import CSQLite\n",
     "outside SQLiteStorage"),
    ("Foundation in an exported target", "Sources/SignedNote/A.swift",
     HEAD + "import FoundationEssentials\n", "exported target"),
    ("an upward import", "Sources/Merkle/A.swift", HEAD + "import SignedNote\n", "lower layers"),
    ("a sideways import", "Sources/AuditChain/A.swift", HEAD + "package import Merkle\n",
     "lower layers"),
    ("an unknown target", "Sources/Utilities/A.swift", HEAD, "not in LAYERS"),
    ("a reminder", "Sources/Merkle/A.swift", HEAD + "// TO" "DO: more\n", "a reminder"),
    ("a reminder in a script", "tools/x.py", f"# {SPDX}\n# FIX" "ME\n", "a reminder"),
    ("dead code", "Sources/Merkle/A.swift", HEAD + "// let x = 1\n", "commented-out"),
    ("dead code, a call", "Sources/Merkle/A.swift", HEAD + "// try log.append(entry)\n",
     "commented-out"),
    ("an empty test", "Tests/MerkleTests/A.swift",
     HEAD + '@Test("nothing")\nfunc nothing() {\n}\n', "is empty"),
    ("a machine path", "docs/a.md", "see /home/" "someone/notes\n", "one machine"),
    ("white space in a path", "docs/a b.md", "text\n", "white space"),
    ("all is well", "Sources/SignedNote/A.swift",
     HEAD + "public import Merkle\nimport LogCrypto\n\n"
     "/// Opens it: `let x = note.open()`.\npublic struct A {\n"
     "    // A sentence about size(of:) is not code, nor is x = y + 1 in one.\n"
     '    let s = "// let x = 1 { \\(a("{")) public import"\n'
     "    public func f() -> Int { 1 }\n}\n", ""),
    ("public as a label", "Sources/LogServer/A.swift",
     HEAD + "func a(\n    public isPublic: Bool\n) {}\n", ""),
    ("a good test", "Tests/MerkleTests/A.swift",
     HEAD + '@Test("one")\nfunc one() {\n    #expect(true)\n}\n', ""),
]
