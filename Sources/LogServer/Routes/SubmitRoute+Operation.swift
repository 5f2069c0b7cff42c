// SPDX-License-Identifier: Apache-2.0

extension SubmitRoute {
    /// What the specification says of submission.
    var operation: Operation {
        Operation(
            "submitRecords", "Puts records into the log",
            "Whatever is answered with a receipt is durable, sequenced, signed and published. A"
                + " batch is one unit: its items follow each other in the log, and a bad item"
                + " hides no other. The result n of a batch, from 0, is that of its item n; empty"
                + " lines of NDJSON are not counted. The answer to NDJSON is NDJSON: a line for"
                + " each item, and one with the checkpoint. Retry with the same ids or key: 201"
                + " says that the record is new, 200 that it was there, 409 that its id or key was"
                + " used for other content. CloudEvents 1.0 are taken in the structured, the batched"
                + " and the binary mode of their HTTP binding, and are records that were imported:"
                + " source and id stand for one. With header fields ce-... any body is the data of"
                + " an event.",
            parameters: [
                .header(
                    "Idempotency-Key",
                    ["type": "string", "minLength": 1, "maxLength": 255],
                    "Stands for a record that has no id of its own; for item n of a batch, from 0,"
                        + " as key#n."),
                .query(
                    "tenant", ["type": "string", "pattern": "^[a-z0-9.-][a-z0-9._-]{0,63}$"],
                    "Whose records they all are; for a token that may write for many tenants, whose"
                        + " records else name theirs."),
                .query(
                    "opening", ["enum": ["0", "1"]],
                    "1 adds each record as stored, and its seed. That they were handed out is a"
                        + " record of the log."),
                .query(
                    "wait", ["enum": ["published", "witnessed"]],
                    "published is always so. witnessed waits for a head that meets the log's witness"
                        + " policy, and says in witnessed whether there was one in time."),
            ],
            body: [
                ("application/json", "Submission"), ("application/x-ndjson", nil),
                (MediaTypes.cloudEvent, "CloudEvent"), (MediaTypes.cloudEvents, "CloudEvents"),
            ],
            successes: [
                Operation.Success(
                    status: 200,
                    description: "A batch's results, or the receipt of a record that"
                        + " was there before.",
                    content: [("application/json", "Answer"), ("application/x-ndjson", nil)]),
                .json("Receipt", "The receipt of a new record.", status: 201),
            ], problems: Self.problems)
    }

    private static var problems: [ProblemCode] {
        [
            .invalidParameter, .invalidIdempotencyKey, .witnessesNotConfigured, .notWitnessed,
            .witnessesUnavailable,
            .unsupportedMediaType, .tooManyBodies, .idempotencyConflict, .overloaded,
            .shuttingDown, .sequencingStopped, .clockDisagrees, .storageFailed, .storageFull,
            .notPublished, .corrupt,
        ] + RecordCodes.all
    }
}
