// SPDX-License-Identifier: Apache-2.0

/// Why a policy was refused; the policy in force stays in force.
///
/// A sample's number is given and never its text: samples look like what the rule is to hide.
public enum RedactionPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An id or name breaks its grammar.
    case invalidName(String)
    /// Two rules have one id, or a tenant's rule has one of the policy's.
    case repeatedRule(String)
    /// A strategy or a switched-off id names no rule that runs.
    case unknownRule(String)
    /// The pattern is not RE2's, or too large; what RE2 says.
    case invalidPattern(rule: String, String)
    /// The pattern matches the empty text.
    case emptyMatch(rule: String)
    /// A rule has no positive or no negative sample.
    case noSamples(rule: String)
    /// A sample in which something must be found, and nothing is (counted from 1).
    case missed(rule: String, sample: Int)
    /// A sample in which nothing may be found, and something is (counted from 1).
    case falseAlarm(rule: String, sample: Int)
    /// A field's path or policy makes no sense.
    case invalidField(String, String)
    /// A capture mode is for something that is no type, family or `*`.
    case invalidCapture(String)
    /// A tenant's policy would keep more than the policy's own.
    case weakens(tenant: String, String)
    /// A number out of its range.
    case invalidLimit(String)
    /// There is no memory for the compiled rules.
    case outOfMemory

    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .invalidName(let name):
            "\(name): not a name; use lower-case letters, digits and _, a letter first, and no "
                + "more than four digits in a row"
        case .repeatedRule(let id): "two rules are called \(id); give each an id of its own"
        case .unknownRule(let id): "no rule is called \(id) in the packs and rules of this policy"
        case .invalidPattern(let rule, let message): "\(rule): RE2 refuses the pattern: \(message)"
        case .emptyMatch(let rule): "\(rule): the pattern matches the empty text; make it longer"
        case .noSamples(let rule):
            "\(rule): a rule carries at least one positive and one negative sample"
        case .missed(let rule, let sample):
            "\(rule): nothing is found in positive sample \(sample)"
        case .falseAlarm(let rule, let sample):
            "\(rule): something is found in negative sample \(sample)"
        case .invalidField(let path, let message): "field \(path): \(message)"
        case .invalidCapture(let pattern):
            "capture \(pattern): name a type, a family such as tool.*, or * for everything"
        case .weakens(let tenant, let what):
            "tenant \(tenant): \(what) keeps more than the policy does; a tenant may only add"
        case .invalidLimit(let name): "\(name) is out of its range"
        case .outOfMemory: "no memory for the compiled rules"
        }
    }
}
