// SPDX-License-Identifier: Apache-2.0

extension ProblemCode {
    /// What an operator asks for and must not have yet, or not alone.
    var withheld: ProblemRow {
        switch self {
        case .timeNotWitnessed:
            ProblemRow(
                409, "time_not_witnessed", "Nobody vouches for the time",
                "Records are judged old by a time that witnesses have signed. Have the log"
                    + " witnessed, or say trust_clock: the log's own clock is then taken, and the"
                    + " log tells. Nothing was destroyed.")
        case .belowFloor:
            ProblemRow(
                409, "below_retention_floor", "Records must be kept for longer",
                "Choose an earlier time: the retention profile in force asks for more. Nothing was"
                    + " destroyed.")
        case .notExported:
            ProblemRow(
                409, "not_exported", "Not all of it was exported",
                "Export it first, of all tenants and without a filter: the log tells of every export"
                    + " that was finished. Nothing was destroyed.")
        case .ownApproval:
            ProblemRow(
                409, "own_approval", "Another operator must agree",
                "Whoever asked cannot agree: use another operator's credential.")
        case .planChanged:
            ProblemRow(
                409, "plan_changed", "It would no longer do what was asked for",
                "Records or holds have come or gone since. Ask again. Nothing was done.")
        default:
            ProblemRow(
                409, "too_many_pending", "Too many acts wait for a second operator",
                "Have some of them approved or rejected first.")
        }
    }
}
