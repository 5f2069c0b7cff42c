#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has the CloudEvents SDK send events to a running server in the three modes of the HTTP binding,
and reads back what the log made of them; then sends what one log exports to another one.

Needs the Python packages that tools/install-deps --test puts below .build/, and starts itself again
with that Python. Nothing is downloaded.
"""

import argparse
import datetime
import http.client
import json
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = pathlib.Path(os.environ.get("THIRDPARTY_VENV", ROOT / ".build" / "thirdparty" / "venv"))
if pathlib.Path(sys.prefix) != VENV:
    os.execv(VENV / "bin" / "python", [str(VENV / "bin" / "python"), *sys.argv])
sys.path.insert(0, str(ROOT / "tools"))

from cloudevents.core.bindings import http as binding  # noqa: E402
from cloudevents.core.formats.json import JSONFormat  # noqa: E402
from cloudevents.core.v1.event import CloudEvent  # noqa: E402

import verify_evident  # noqa: E402
from evident_process import LogProcess, Producer, seeded  # noqa: E402
from export_records import records  # noqa: E402

SOURCE = "urn:example:billing"
# What every log says for itself of a record, and not its producer.
STAMPS = {"id", "tenant", "received", "redactions", "redaction_policy", "imported"}


class Client:
    """Sends messages of the SDK as they are, and verifies each receipt from the specification."""

    def __init__(self, log, tenant="acme"):
        self.log, self.token, self.tenant = log, log.token(), tenant
        self.auditor = log.token("auditor")
        self.trust = verify_evident.Trust(log.vkey()) if log.process else None
        self.passed, self.failures = 0, []

    def expect(self, what, good):
        self.passed += bool(good)
        if not good:
            self.failures.append(what)
            print(f"  NOT SO: {what}", flush=True)

    def send(self, message, query=None):
        """(status, answer) of one message."""
        connection = http.client.HTTPConnection("127.0.0.1", self.log.port, timeout=30)
        path = "/v1/audit" + (f"?tenant={self.tenant}" if query is None else query)
        headers = {**message.headers, "Authorization": f"Bearer {self.token}"}
        connection.request("POST", path, message.body, headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    def record(self, index):
        status, body = self.log.request(
            "GET", f"/v1/audit/{index}", headers={"Authorization": f"Bearer {self.auditor}"})
        if status != 200:
            raise RuntimeError(f"the record at {index} answered {status}")
        return json.loads(body)


def batch(events):
    """The SDK has no batches; one is an array of events."""
    body = b"[" + b",".join(binding.to_structured_event(event).body for event in events) + b"]"
    return binding.HTTPMessage({"content-type": "application/cloudevents-batch+json"}, body)


def made(random, number, **more):
    """An event with text of all kinds in its attributes."""
    alphabet = 'aZ09 "%\\/:;,\u00e9\u00df\u20ac\u4e2d\U0001f600\u0301'
    subject = "".join(random.choice(alphabet) for _ in range(random.randrange(1, 24)))
    attributes = {
        "specversion": "1.0", "id": f"e-{number} \u20ac", "source": SOURCE,
        "type": "com.example.Invoice.Paid", "subject": subject.strip() or "s",
        "time": datetime.datetime(2026, 6, 1, 8, 0, number % 60, 250_000, datetime.timezone.utc),
        "authtype": "user", "authid": f"u-{number}", "team": subject.strip() or "t",
        "traceparent": f"00-{number:031x}1-{number:015x}1-01", **more,
    }
    return CloudEvent(attributes=attributes, data={"invoice": number, "text": subject})


def check_modes(client, random, count):
    """An event is one record in each mode, and says what the event says."""
    for number in range(count):
        event = made(random, number)
        if number % 2:
            event.get_attributes()["datacontenttype"] = "application/json"
        modes = [binding.to_binary_event(event), binding.to_structured_event(event),
                 batch([event, event])]
        random.shuffle(modes)
        indexes = set()
        for place, message in enumerate(modes):
            status, answer = client.send(message)
            results = [item for item in answer.get("results", [{"status": status,
                                                                "receipt": answer}])]
            expected = [201] + [200] * (len(results) - 1) if place == 0 else [200] * len(results)
            client.expect(f"mode {place} of {number}: {answer}",
                          [item["status"] for item in results] == expected)
            for item in results:
                indexes.add(item["receipt"]["index"])
                receipt = {**item["receipt"], "checkpoint": answer["checkpoint"]}
                verify_evident.verify_receipt(json.dumps(receipt).encode(), client.trust)
        client.expect(f"{number} is one record", len(indexes) == 1)
        record, attributes = client.record(indexes.pop()), event.get_attributes()
        client.expect(f"the record of {number} says what the event says: {record}", (
            record["type"], record["details"], record["target"][0]["id"], record["actor"]["id"],
            record["labels"]["team"], record["imported"]["original_id"],
            record["imported"]["system"], record["time"], record["trace"]["trace_id"],
        ) == (
            "x.ce.com.example.invoice.paid", event.get_data(), event.get_subject(), f"u-{number}",
            attributes["team"], event.get_id(), SOURCE,
            event.get_time().strftime("%Y-%m-%dT%H:%M:%S.%fZ"), f"{number:031x}1"))


def check_data(client):
    """Data that is no JSON object."""
    for number, (kind, data, details) in enumerate([
            ("text/plain", "a\nb \u20ac", {"data": "a\nb \u20ac"}),
            ("application/xml", "<a/>", {"data": "<a/>"}),
            ("application/octet-stream", b"\x00\xff", {"data_base64": "AP8="}),
            ("application/json", [1, "x"], {"data": [1, "x"]}),
            ("application/json", "text", {"data": "text"}),
    ]):
        attributes = {"specversion": "1.0", "id": f"data-{number}", "source": SOURCE,
                      "type": "a.b", "datacontenttype": kind}
        # In binary mode the SDK sends as JSON no more than dictionaries, and text as it is.
        body = json.dumps(data) if kind == "application/json" else data
        statuses, index = [], None
        for message in (binding.to_binary_event(CloudEvent(attributes, body)),
                        binding.to_structured_event(CloudEvent(attributes, data))):
            status, answer = client.send(message)
            statuses.append(status)
            index = answer.get("index", index)
        client.expect(f"{kind}: {statuses} {answer}", statuses == [201, 200])
        client.expect(f"{kind} in the record", client.record(index)["details"] == details)


def check_refusals(client, random):
    """What the SDK itself would not read is refused, by the attribute's name."""
    message = binding.to_binary_event(made(random, 7_000))
    for name, value in [("ce-id", None), ("ce-source", None), ("ce-type", None),
                        ("ce-specversion", None), ("ce-specversion", "0.2"), ("ce-time", "now"),
                        ("ce-subject", "%C0%A0"), ("ce-id", "%"), ("ce-subject", "")]:
        headers = {key: text for key, text in message.headers.items() if key != name}
        if value is not None:
            headers[name] = value
        status, answer = client.send(binding.HTTPMessage(headers, message.body))
        client.expect(f"{name}: {value} answers {status} {answer.get('path')}",
                      status == 400 and answer["path"] == name[3:])
    for body in (b"{", b'1,"id":"x"', b"{}{}", b"\xff"):
        status, answer = client.send(binding.HTTPMessage(message.headers, body))
        client.expect(f"{body} answers {status} {answer.get('path')}",
                      status == 400 and answer["path"] == "data")
    status, answer = client.send(message, query="")
    client.expect(f"without a tenant: {answer}",
                  (answer["code"], answer["path"]) == ("tenant_required", "evidenttenant"))
    status, answer = client.send(message)
    client.expect(f"as it is: {status}", status == 201)


def check_forwarding(one, two):
    """What a log exports is read by the SDK, sent on, and is the same record in another log."""
    lines = [json.dumps(record) for record in records()]
    status, body = Producer(one.log, one.token).post("\n".join(lines).encode(),
                                                     kind="application/x-ndjson")
    first = [json.loads(line)["receipt"]["index"] for line in body.splitlines()[:-1]]
    with tempfile.TemporaryDirectory() as folder:
        token, path = pathlib.Path(folder) / "token", pathlib.Path(folder) / "events"
        token.write_text(one.auditor)
        one.log.command("export", "--format", "cloudevents", "--from-index", str(first[0]),
                        "--to-index", str(first[-1] + 1), "--out", path, "--url", one.log.url,
                        "--token-file", token)
        events = [JSONFormat().read(None, line) for line in path.read_bytes().splitlines()]
    two.expect("all of them are exported", len(events) == len(lines))
    for place, event in enumerate(events):
        statuses, index = [], None
        for message in (binding.to_binary_event(event), binding.to_structured_event(event)):
            status, answer = two.send(message)
            statuses.append(status)
            index = answer.get("index", index)
        two.expect(f"{event.get_type()}: {statuses} {answer}", statuses == [201, 200])
        before, after = one.record(first[place]), two.record(index)
        two.expect(f"{event.get_type()} is the record that it was",
                   {name: value for name, value in before.items() if name not in STAMPS}
                   == {name: value for name, value in after.items() if name not in STAMPS})
        marks = after["imported"]
        two.expect("and says where it was", marks["original_id"] == before["id"]
                   and marks["original_stamps"].get("imported") == before.get("imported")
                   and int(marks["original_integrity"]["index"]) == first[place])
    return len(events)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=60, help="events in all three modes")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    random = seeded(options)
    with tempfile.TemporaryDirectory() as folder, \
            LogProcess(pathlib.Path(folder) / "one").init("log.example.com/one") as first, \
            LogProcess(pathlib.Path(folder) / "two").init("log.example.com/two") as second:
        clients = []
        for log in (first, second):
            log.start()
            clients.append(Client(log))
        check_modes(clients[0], random, options.events)
        check_data(clients[0])
        check_refusals(clients[0], random)
        forwarded = check_forwarding(*clients)
    failures = [failure for client in clients for failure in client.failures]
    print(f"{options.events} events in three modes, {forwarded} records from log to log: "
          f"{sum(client.passed for client in clients)} checks passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
