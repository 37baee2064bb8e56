#!/usr/bin/env python3
"""Verifies evidence of Countersign, by docs/audit.md alone and with nothing but Python.

    python3 verify.py KEY FILE...      KEY as `countersign audit key` shows it

Prints a line of JSON for each file, and ends with 1 when something does not hold.
"""
import base64
import hashlib
import json
import re
import sys

FORMAT = "countersign-evidence/1"


class Problem(Exception):
    def __init__(self, code, message, line=None):
        super().__init__(message)
        self.code, self.line = code, line


# --- Ed25519 (RFC 8032, 5.1.7) -------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, point):
    result = (0, 1, 1, 0)
    while n > 0:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def decompressed(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P != 0:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P != 0 or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompressed(bytes([88]) + bytes([102] * 31))


def is_signed(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = decompressed(key), decompressed(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, a))
    return all((left[n] * right[2] - right[n] * left[2]) % P == 0 for n in (0, 1))


# --- Signed notes (C2SP signed-note, tlog-checkpoint) and Merkle trees (RFC 9162, 2.1.3.2) -------


def from_base64(text):
    """Only the one way to write these bytes counts."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def read_key(text):
    name, key_id, encoded = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+(.+)", text.strip()).groups()
    kind = from_base64(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + kind).digest()[:4].hex()
    if kind[0] != 1 or len(kind) != 33 or expected != key_id:
        raise SystemExit("not the key of a record")
    return {"name": name, "id": bytes.fromhex(key_id), "key": kind[1:]}


def open_note(note, key, code, line):
    """The text of a note that this key has signed."""
    end = note.rfind("\n\n")
    if end < 0 or not note.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", note[: end + 1]):
        raise Problem(code, "It is no signed note.", line)
    text, signed = note[: end + 1], False
    for each in note[end + 2 : -1].split("\n"):
        match = re.fullmatch(r"\u2014 (\S+) (\S+)", each)
        data = match and from_base64(match[2])
        if not data or len(data) < 5:
            raise Problem(code, "A line of it is no signature.", line)
        if match[1] == key["name"] and data[:4] == key["id"] and not signed:
            if not is_signed(key["key"], text.encode(), data[4:]):
                raise Problem(code, "Its signature is of something else.", line)
            signed = True
    if not signed:
        raise Problem(code, "The key that is trusted has not signed it.", line)
    return text


def is_included(leaf, index, size, root, proof):
    node, last = index, size - 1
    value = hashlib.sha256(b"\0" + leaf).digest()
    if not 0 <= index < size:
        return False
    for sibling in proof:
        if last == 0 or sibling is None or len(sibling) != 32:
            return False
        if node & 1 or node == last:
            value = hashlib.sha256(b"\1" + sibling + value).digest()
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\1" + value + sibling).digest()
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


# --- The bundle ----------------------------------------------------------------------------------


class Fraction(str):
    """A number that is no integer, as it is written."""


def object_in(text, line):
    def refuse(constant):
        raise ValueError(constant)

    try:
        value = json.loads(text, parse_float=Fraction, parse_constant=refuse)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Problem("malformed", "It is no JSON object.", line)
    return value


def open_bundle(data, key):
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Problem("malformed", "It is no UTF-8 text.")
    if lines.pop() != "" or len(lines) < 2:
        raise Problem("malformed", "It does not end with a seal.")
    number, line = len(lines), lines.pop()
    seal = object_in(line, number).get("seal")
    if not isinstance(seal, str) or '{"seal":%s}' % json.dumps(seal, ensure_ascii=False) != line:
        raise Problem("malformed", "The last line is no seal.", number)
    digest = hashlib.sha256("".join(each + "\n" for each in lines).encode()).digest()
    expected = f"{FORMAT}\n{key['name']}\n{base64.b64encode(digest).decode()}\n"
    if open_note(seal, key, "seal", number) != expected:
        raise Problem("seal", "The seal is not of this file.", number)

    header = object_in(lines[0], 1)
    count, keys = header.get("entries"), header.get("keys")
    if header.get("format") != FORMAT or not isinstance(count, int) or not isinstance(keys, dict):
        raise Problem("malformed", "The first line is no head.", 1)
    if len(lines) != 1 + 2 * count:
        raise Problem("sequence", "It has another number of entries than it says.")
    origin, size, root = open_note(header["checkpoint"], key, "checkpoint", 1).split("\n")[:3]
    if origin != key["name"] or not size.isdecimal():
        raise Problem("checkpoint", "It is the checkpoint of another record.", 1)

    entries, last = [], -1
    for n in range(count):
        proof = object_in(lines[1 + count + n], 2 + count + n)
        entry = object_in(lines[1 + n], 2 + n)
        index, hashes = proof.get("index"), proof.get("proof")
        if not isinstance(entry.get("data"), dict) or not isinstance(index, int) or not isinstance(hashes, list):
            raise Problem("malformed", "It is no entry.", 2 + n)
        if entry.get("key") != header["run_id"] or entry.get("sequence") != n + 1 or index <= last:
            raise Problem("sequence", "It is not the next entry of the run.", 2 + n)
        last = index
        siblings = [from_base64(each) for each in hashes]
        if not is_included(lines[1 + n].encode(), index, int(size), from_base64(root), siblings):
            raise Problem("inclusion", "It is not in the record of the checkpoint.", 2 + n)
        entries.append({**entry, "line": 2 + n})
    return header, entries


# --- What it means -------------------------------------------------------------------------------

CALL = ["approval_id", "run_id", "tool_call_id", "tool_name", "digest"]
OUTCOMES = {
    "tool.execution_completed": "succeeded",
    "tool.execution_failed": "failed",
    "tool.execution_outcome_unknown": "outcome_unknown",
}


def canonical(value):
    """RFC 8785; numbers are as they were written, which is that way already."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return str(value) if isinstance(value, Fraction) else json.dumps(value, ensure_ascii=False)


def digest_of(text):
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def claims_of(jws, typ, keys):
    """What a compact JWS says, if one of these keys has signed it as this."""
    try:
        head, payload, signature = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in jws.split(".")]
        header = json.loads(head)
        key = next(each for each in keys if each["kid"] == header["kid"])
        public = base64.urlsafe_b64decode(key["x"] + "=")
        good = header["alg"] == "EdDSA" and header["typ"] == typ
        good = good and is_signed(public, jws.rsplit(".", 1)[0].encode(), signature)
        return json.loads(payload, parse_float=Fraction) if good else None
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
        return None


def differs(claims, data, names):
    return any(claims.get(name) != data.get(name) for name in names)


def is_count(value):
    return type(value) is int and value > 0


def unfounded(c):
    deciders = c.get("deciders") or []
    rejecters = {each["by"] for each in deciders if each["verdict"] == "rejected"}
    own = [c.get("requester"), c.get("requested_by")]
    if c.get("act_by") is None or not is_count(c.get("resolved_at")):
        return True
    if c["basis"] == "rule":
        return c.get("policy_version") is None
    if c["basis"] == "grant":
        grant = c.get("grant") or {}
        givers = {each["by"] for each in grant.get("given_by", [])}
        is_own = any(by is not None and by in givers for by in own)
        needed = grant.get("required_approvals")
        few = not is_count(needed) or len(givers) < needed
        return c.get("requested_by") is None or is_own or few or grant.get("expires_at", 0) <= c["resolved_at"]
    if c["basis"] != "people":
        return c["basis"] != "audit"
    needed = c.get("required_approvals")
    four_eyes = c.get("four_eyes") is True
    if not is_count(needed) or four_eyes and c.get("requested_by") is None:
        return True
    approvers = {each["by"] for each in deciders} - rejecters - {None} - set(own if four_eyes else [])
    nameless = not four_eyes and needed == 1
    nameless = nameless and any(each["by"] is None and each["verdict"] == "approved" for each in deciders)
    return len(approvers) + nameless < needed


def decision_of(entry, keys):
    data = entry["data"]
    claims = claims_of(data.get("signature"), "countersign-decision+jws", keys)
    if not claims or differs(claims, data, CALL + ["status", "requester", "requested_by", "resolved_at"]):
        return None
    if data.get("redact") == []:
        bound = ["requester", "requested_by", "policy_version", "expires_at"] if data.get("policy_version") else []
        call = {name: data.get(name) for name in ["run_id", "tool_call_id", "tool_name", "tool_args"] + bound}
        if digest_of(canonical(call)) != claims["digest"]:
            raise Problem("other_call", "The arguments are not the ones that were decided on.", entry["line"])
    if claims["status"] != "approved":
        return claims
    if unfounded(claims) or isinstance(data.get("expires_at"), int) and claims["resolved_at"] > data["expires_at"]:
        raise Problem("decision_unfounded", "The approval does not count.", entry["line"])
    return claims


def check_meaning(header, entries):
    keys, requests, decisions, calls = header["keys"], set(), {}, {}
    for entry in entries:
        data = entry["data"]
        if entry["type"] != "tool.approval_required":
            continue
        if data.get("signature") is not None:
            claims = claims_of(data["signature"], "countersign-request+jws", keys["requests"])
            if not claims or differs(claims, data, CALL + ["agent_id", "user_id", "requested_by"]):
                raise Problem("request_signature", "The request is not as it was signed.", entry["line"])
        requests.add(data["approval_id"])
    created = {entry["data"].get("id") for entry in entries if entry["type"] == "approval.created"}
    for entry in entries:
        data = entry["data"]
        if entry["type"] == "approval.decision_recorded" and data["approval_id"] not in created:
            raise Problem("request_missing", "Somebody decided on what nobody asked for.", entry["line"])
        if entry["type"] == "approval.resolved":
            claims = decision_of(entry, keys["decisions"])
            if claims and data["status"] == "approved":
                decisions.setdefault(data["approval_id"], claims)
    for entry in entries:
        data, line = entry["data"], entry["line"]
        if entry["type"] != "tool.execution_started":
            continue
        claims = decisions.get(data["approval_id"])
        if not claims:
            raise Problem("decision_missing", "A call began without a valid decision.", line)
        if data["approval_id"] not in requests:
            raise Problem("request_missing", "A call began that nobody asked for.", line)
        digest = claims["digest"] if data.get("digest") is None else data["digest"]
        if differs(claims, {**data, "digest": digest}, CALL) or data["execution_id"] != data["approval_id"]:
            raise Problem("other_call", "What began is not what was decided on.", line)
        calls[data["approval_id"]] = digest
    for entry in entries:
        data, line, outcome = entry["data"], entry["line"], OUTCOMES.get(entry["type"])
        if outcome is None:
            continue
        claims = claims_of(data.get("signature"), "countersign-result+jws", keys["results"])
        said = next((data[name] for name in ("result", "error", "reason") if isinstance(data.get(name), str)), "")
        says = {**data, "digest": data.get("digest") or "", "outcome": outcome, "result_digest": digest_of(said)}
        names = CALL + ["execution_id", "attempt", "outcome", "result_digest"]
        if not claims or differs(claims, says, names):
            raise Problem("result_signature", "The outcome is not as it was signed.", line)
        if data["approval_id"] in calls:
            if claims["digest"] != calls[data["approval_id"]]:
                raise Problem("other_call", "The outcome is of another call.", line)
        elif outcome != "failed" and "result_digest" not in decisions.get(data["approval_id"], {}):
            raise Problem("start_missing", "A call has an outcome, and did not begin.", line)
    return len(calls)


def report(path, key):
    try:
        with open(path, "rb") as file:
            header, entries = open_bundle(file.read(), key)
        calls = check_meaning(header, entries)
        return {"holds": True, "run_id": header["run_id"], "entries": len(entries), "calls": calls}
    except Problem as problem:
        return {"holds": False, "code": problem.code, "message": str(problem), "line": problem.line}


if __name__ == "__main__":
    trusted = read_key(sys.argv[1])
    reports = [report(path, trusted) for path in sys.argv[2:]]
    for each in reports:
        print(json.dumps(each))
    sys.exit(0 if all(each["holds"] for each in reports) else 1)
