// SPDX-License-Identifier: Apache-2.0

// A program that uses LogClient alone. tools/linkage/check looks at what it drags in: an auditor
// must be able to read everything below it in an afternoon, so neither Foundation nor NIO may come.

import LogClient

print((try? Receipt(parsing: [])) == nil ? "an empty receipt is refused" : "accepted nothing")
