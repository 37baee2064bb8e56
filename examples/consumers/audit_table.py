"""Keeps a table of the record in SQLite, idempotently. Needs confluent-kafka and cloudevents (requirements.txt):

    KAFKA_BROKERS=127.0.0.1:9092 python3 audit_table.py
"""

import base64
import hashlib
import json
import os
import sqlite3

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from confluent_kafka import Consumer, KafkaError, KafkaException

TOPIC = "audit.recorded"
until_end = "UNTIL_END" in os.environ

table = sqlite3.connect(os.environ.get("AUDIT_TABLE", "audit.db"))
table.execute(
    "CREATE TABLE IF NOT EXISTS audit (place INTEGER PRIMARY KEY, run TEXT, sequence INTEGER,"
    " type TEXT, actor TEXT, time TEXT, hash TEXT, entry TEXT)"
)


def keep(recorded):
    """What comes again is known by its place in the record, and must be what it was."""
    place, wanted, leaf = recorded["index"], recorded["leaf_hash"], recorded["leaf"]
    known = table.execute("SELECT hash FROM audit WHERE place = ?", (place,)).fetchone()
    if known and known[0] != wanted:
        raise SystemExit(f"entry {place} is another one than it was")
    if known:
        return
    # A large entry is not in its message: GET /audit/entries has it.
    if leaf is not None and base64.b64encode(hashlib.sha256(b"\0" + leaf.encode()).digest()).decode() != wanted:
        raise SystemExit(f"entry {place} does not have its hash")
    entry = json.loads(leaf or "{}")
    row = (place, recorded["key"], recorded["sequence"], recorded["type"], entry.get("authid"), entry.get("time"))
    table.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, wanted, leaf))


consumer = Consumer(
    {
        "bootstrap.servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:9092"),
        "group.id": os.environ.get("AUDIT_GROUP", "audit-table"),
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    }
)
consumer.subscribe([TOPIC])
partitions, ended = len(consumer.list_topics(TOPIC).topics[TOPIC].partitions), set()
while not (until_end and len(ended) == partitions):
    messages = consumer.consume(500, timeout=0.5)
    for message in messages:
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            ended.add(message.partition())
            continue
        headers = {name: value for name, value in message.headers() or []}
        event = from_binary_event(KafkaMessage(headers, message.key(), message.value()))
        keep(event.get_data())
    # Offsets are committed after the rows: what a crash repeats is known.
    table.commit()
    if any(not message.error() for message in messages):
        consumer.commit(asynchronous=False)
consumer.close()

rows = table.execute("SELECT place, sequence, hash FROM audit ORDER BY place").fetchall()
text = "".join(f"{place} {sequence} {wanted}\n" for place, sequence, wanted in rows)
print(json.dumps({"entries": len(rows), "digest": hashlib.sha256(text.encode()).hexdigest()}))
