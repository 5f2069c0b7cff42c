// SPDX-License-Identifier: Apache-2.0

/// What operators had done by records that are lost with the end of a store, and have to do again.
enum LostActs {
    /// - Parameters:
    ///   - holds: those that stand, and of which nothing more is known.
    ///   - withheld: how many erasures were announced, not carried out, and may be held.
    static func say(holds: [UInt64], withheld: Int) {
        if !holds.isEmpty {
            let indexes = holds.map(\.grouped).joined(separator: ", ")
            Terminal.say(
                "evident: what these holds keep is lost: \(indexes). Nothing is erased before they are"
                    + " placed again and the lost ones released (evident hold release INDEX)")
        }
        if withheld > 0 {
            Terminal.say(
                "evident: \(withheld) announced erasures had not been carried out, and a lost hold may"
                    + " keep what they name: ask for them again")
        }
    }
}
