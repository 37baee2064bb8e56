"""Sends commands for runs that there are not, in each shape that librdkafka writes: send.py BROKERS. Prints the id of each."""

import base64
import json
import sys

from confluent_kafka import Producer

BROKERS = sys.argv[1]
TOPIC = "run.cancel_requested"


def shapes(command: str):
    """The headers and the value of each, by the name of the shape, and whether it can be read."""
    data = {"run_id": f"none/{command}", "reason": "Übertragung 💳 " * 40}
    text = json.dumps(data, ensure_ascii=False).encode()

    def told(shape: str) -> dict:
        return {"specversion": "1.0", "id": f"{command}/{shape}", "type": TOPIC, "source": "/python"}

    def binary(shape: str) -> list:
        return [(f"ce_{name}", value.encode()) for name, value in told(shape).items()]

    def structured(shape: str, **rest) -> bytes:
        return json.dumps({**told(shape), **rest}).encode()

    cloud_event = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    yield "binary", binary("binary") + [("content-type", b"application/json")], text
    yield "null", binary("null") + [("traceparent", None), ("x-tenant", None), ("content-type", None)], text
    yield "twice", binary("twice") + [("x", b"1"), ("x", b"2"), ("ce_source", b"/python")], text
    yield "bytes", binary("bytes") + [("x-raw", b"\xff\xfe\x00\x01"), ("x-пусто", b""), ("", b"")], text
    yield "upper", [(name.upper(), value) for name, value in binary("upper")], text
    yield "traced", binary("traced") + [("ce_traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")], text
    yield "structured", cloud_event, structured("structured", data=data)
    yield "undeclared", [], structured("undeclared", data=data)
    yield "base64", cloud_event, structured("base64", data_base64=base64.b64encode(text).decode())
    yield "registry", binary("registry"), b"\0\0\0\0\x07" + text
    yield "long", binary("long"), text + b" " * 200_000
    yield "tombstone!", binary("tombstone!"), None
    yield "cut!", binary("cut!"), text[:-9]
    yield "avro!", binary("avro!") + [("content-type", b"avro/binary")], b"\x02\x06abc"


sent = []
for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
    producer = Producer({"bootstrap.servers": BROKERS, "compression.type": codec, "linger.ms": 20})
    for shape, headers, value in shapes(f"python/{codec}"):
        key = None if shape == "upper" else shape
        producer.produce(TOPIC, key=key, value=value, headers=headers)
        sent.append(f"python/{codec}/{shape}")
    assert producer.flush(20) == 0, "not everything was taken"

producer = Producer({"bootstrap.servers": BROKERS, "transactional.id": "send.py", "compression.type": "zstd"})
producer.init_transactions(20)
for name, end in [("aborted?", producer.abort_transaction), ("committed", producer.commit_transaction)]:
    producer.begin_transaction()
    for shape, headers, value in shapes(f"python/{name}"):
        if shape == "binary":
            producer.produce(TOPIC, key=shape, value=value, headers=headers)
    producer.flush(20)
    end(20)
    sent.append(f"python/{name}/binary")
print(json.dumps(sent))
