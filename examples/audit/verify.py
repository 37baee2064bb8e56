#!/usr/bin/env python3
"""Verifies evidence of Countersign, by docs/audit.md alone and with nothing but Python.

    python3 verify.py KEY FILE...      KEY as `countersign audit key` shows it

Prints a line of JSON for each file, and ends with 1 when something does not hold, and with 9 when something is missing.
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


def is_key(key):
    return (
        isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and isinstance(key.get("x"), str)
        and ("until" not in key or type(key["until"]) is int)
    )


# What the head has by version, and where the text of each is.
TEXTS = [("rules", "rules"), ("agents", "definition"), ("schemas", "schema")]


def is_text(each, field):
    return isinstance(each, dict) and isinstance(each.get("version"), str) and isinstance(each.get(field), dict)


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
    key_lists = [keys.get(name) for name in ("decisions", "requests", "results")]
    texts = [(name, field, header.get(name, [])) for name, field in TEXTS]
    if not all(isinstance(each, list) and all(map(is_key, each)) for each in key_lists):
        raise Problem("malformed", "The first line is no head.", 1)
    if not all(isinstance(given, list) and all(is_text(each, field) for each in given) for _, field, given in texts):
        raise Problem("malformed", "The first line is no head.", 1)
    origin, size, root = open_note(header["checkpoint"], key, "checkpoint", 1).split("\n")[:3]
    if origin != key["name"] or not size.isdecimal():
        raise Problem("checkpoint", "It is the checkpoint of another record.", 1)
    for name, field, given in texts:
        for each in given:
            if digest_of(canonical(each[field]))[7:39] != each["version"]:
                raise Problem(name, "A text is not of the version that it is said to be.", 1)

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
        entries.append({**entry, "line": 2 + n, "index": index})
    return header, entries


# --- What it means -------------------------------------------------------------------------------

CALL = ["approval_id", "run_id", "tool_call_id", "tool_name", "digest"]
ATTEMPT = CALL + ["execution_id", "attempt"]
EXACT = ["run_id", "tool_call_id", "tool_name", "tool_args"]
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
    if isinstance(value, Fraction):
        return str(value)
    # Half a character is written out.
    return re.sub("[\ud800-\udfff]", lambda half: "\\u%04x" % ord(half[0]), json.dumps(value, ensure_ascii=False))


def digest_of(text):
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def claims_of(jws, typ, keys, entry):
    """What a compact JWS says, if one of these keys has signed it as this, and was not withdrawn before."""
    try:
        head, payload, signature = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in jws.split(".")]
        header = json.loads(head)
        named = [each for each in keys if each["kid"] == header["kid"]]
        key = next(each for each in named if "until" not in each or entry["index"] < each["until"])
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
    rejecters = {name for each in deciders if each["verdict"] == "rejected" for name in names_of(each)}
    own = [c.get("requester"), c.get("requested_by")]
    if c.get("act_by") is None or not is_count(c.get("resolved_at")):
        return True
    if "break_glass" in c:
        return not is_broken(c, deciders, own)
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
    out = rejecters | {None} | set(own if four_eyes else [])
    # Nobody counts twice through a deputy: one decision of each person, and one for each place.
    people = {each["by"]: each for each in deciders if out.isdisjoint(names_of(each))}
    approvers = {each.get("on_behalf_of", each["by"]) for each in people.values()}
    nameless = not four_eyes and needed == 1
    nameless = nameless and any(each["by"] is None and each["verdict"] == "approved" for each in deciders)
    return len(approvers) + nameless < needed


def names_of(decider):
    """Whoever decides, and in whose place a deputy does."""
    return {decider["by"], decider.get("on_behalf_of", decider["by"])}


def is_broken(c, deciders, own):
    """In an emergency one is enough, who is known, did not ask whatever the rules say, and did not reject."""
    glass = c["break_glass"] if isinstance(c["break_glass"], dict) else {}
    by, said = glass.get("by"), [each for each in deciders if each["by"] == glass.get("by")]
    known = isinstance(by, str) and isinstance(glass.get("group"), str) and by not in own
    known = known and c["basis"] == "people" and c.get("policy_version") is not None
    approved = all(each["verdict"] == "approved" for each in said) and any(each["at"] == glass.get("at") for each in said)
    return known and c.get("requested_by") is not None and approved


def is_named(c, header):
    """Whether the rules, where they are here, let the one who approved in an emergency."""
    rules = next((each["rules"] for each in header.get("rules", []) if each["version"] == c.get("policy_version")), None)
    if rules is None:
        return True
    of = lambda value, name: value.get(name) if isinstance(value, dict) else None  # noqa: E731
    thens = [of(each, "then") for each in of(rules, "rules") or []] + [of(rules, "default")]
    named = [group for then in thens for group in of(of(then, "require"), "break_glass") or []]
    group, by = c["break_glass"]["group"], c["break_glass"]["by"]
    members = of(of(rules, "groups"), group)
    return group in named and (members == "from_token" or isinstance(members, list) and by in members)


def is_digest(digest, data, names):
    return digest_of(canonical({name: data.get(name) for name in names})) == digest


def request_in(data, keys, entry):
    """The claims of an event, or the code and the reason why it is not authentic. Likewise below."""
    claims = claims_of(data.get("signature"), "countersign-request+jws", keys["requests"], entry)
    if not claims or differs(claims, data, CALL + ["agent_id", "agent_version", "user_id", "requested_by"]):
        return None, "request_signature"
    execution = (data.get("requirement") or {}).get("tool_execution") or {}
    if execution.get("redact") == [] and not is_digest(data["digest"], data, EXACT):
        return None, "other_call"
    return claims, None


def decision_in(data, keys, entry):
    claims = claims_of(data.get("signature"), "countersign-decision+jws", keys["decisions"], entry)
    if not claims or differs(claims, data, CALL + ["status", "requester", "requested_by", "resolved_at"]):
        return None, "decision_missing"
    redact, note = data.get("redact"), (data.get("resolution_data") or {}).get("note")
    shown = [redact[:n] for n in range(len(redact) + 1)] if isinstance(redact, list) else []
    details = [{"note": note, "redact": each, "resolved_by": data.get("resolved_by")} for each in shown]
    if not any(is_digest(claims.get("details_digest"), each, each) for each in details):
        return None, "decision_missing"
    if differs(claims.get("break_glass") or {}, data.get("break_glass") or {}, ["by", "at", "group"]):
        return None, "decision_missing"
    bound = ["requester", "requested_by", "policy_version", "expires_at"] if data.get("policy_version") else []
    shown = ["preview_digest"] if data.get("preview_digest") else []
    if redact == [] and not is_digest(claims["digest"], data, EXACT + shown + bound):
        return None, "other_call"
    if claims["status"] == "approved":
        if unfounded(claims):
            raise Problem("decision_unfounded", "The approval does not count.", entry["line"])
        if isinstance(data.get("expires_at"), int) and claims["resolved_at"] > data["expires_at"]:
            return None, "decision_unfounded"
    if data.get("preview_digest"):
        claims = {**claims, "previewed": data["preview_digest"]}
    return claims, None


def preview_in(data, keys, entry):
    claims = claims_of(data.get("signature"), "countersign-preview+jws", keys["results"], entry)
    says = {**data, "text_digest": digest_of(str(data.get("text")))}
    if not claims or differs(claims, says, CALL[:4] + ["round", "call_digest", "outcome", "text_digest"]):
        return None, "preview_missing"
    return {**claims, "shows": digest_of(canonical({"call": data["call_digest"], "output": data["text"]}))}, None


def start_in(data, keys, entry):
    claims = claims_of(data.get("signature"), "countersign-start+jws", keys["results"], entry)
    good = claims and not differs(claims, data, ATTEMPT + ["made_by", "worker"])
    return (claims, None) if good else (None, "start_signature")


def outcome_in(outcome):
    def judge(data, keys, entry):
        claims = claims_of(data.get("signature"), "countersign-result+jws", keys["results"], entry)
        said = next((data[name] for name in ("result", "error", "reason") if isinstance(data.get(name), str)), "")
        says = {**data, "digest": data.get("digest") or "", "outcome": outcome, "result_digest": digest_of(said)}
        good = claims and not differs(claims, says, ATTEMPT + ["outcome", "result_digest"])
        return (claims, None) if good else (None, "result_signature")

    return judge


REQUEST, DECISION, START = "tool.approval_required", "approval.resolved", "tool.execution_started"
PREVIEW = "tool.previewed"
JUDGES = {REQUEST: request_in, DECISION: decision_in, START: start_in, PREVIEW: preview_in}
JUDGES.update((event, outcome_in(outcome)) for event, outcome in OUTCOMES.items())


def check_meaning(header, entries):
    authentic = {event: {} for event in JUDGES}
    doubtful = {event: {} for event in JUDGES}
    notes = 0
    for entry in entries:
        data, event, line = entry["data"], entry["type"], entry["line"]
        if event not in JUDGES:
            continue
        claims, code = None, "other_call"
        if data.get("run_id") == header["run_id"]:
            claims, code = JUDGES[event](data, header["keys"], entry)
        if claims:
            authentic[event].setdefault(claims["approval_id"], []).append((claims, line))
        elif isinstance(data.get("approval_id"), str):
            doubtful[event].setdefault(data["approval_id"], (code, line))
        notes += not claims

    def refuse(event, approval, code, line):
        code, line = doubtful[event].get(approval, (code, line))
        raise Problem(code, "There is no %s that is authentic." % event, line)

    def approval_of(approval):
        return next((c for c, _ in authentic[DECISION].get(approval, []) if c["status"] == "approved"), None)

    for decisions in authentic[DECISION].values():
        for claims, line in decisions:
            approval = claims["approval_id"]
            if claims["status"] != "approved":
                continue
            if approval not in authentic[REQUEST]:
                refuse(REQUEST, approval, "request_missing", line)
            for asked, _ in authentic[REQUEST][approval]:
                if differs(asked, claims, CALL[1:4]):
                    raise Problem("other_call", "Another call was asked for.", line)
                if (asked.get("user_id"), asked.get("requested_by")) != (claims.get("requester"), claims.get("requested_by")):
                    raise Problem("decision_unfounded", "Others asked for it than the decision says.", line)
            shown = [c["shows"] for c, _ in authentic[PREVIEW].get(approval, []) if c["outcome"] == "shown"]
            if "previewed" in claims and claims["previewed"] not in shown:
                refuse(PREVIEW, approval, "preview_missing", line)
            if "break_glass" in claims and not is_named(claims, header):
                raise Problem("decision_unfounded", "No rule let them approve it in an emergency.", line)
            for events in [START], list(OUTCOMES):
                if not any(approval in authentic[event] for event in events):
                    for event in events:
                        if approval in doubtful[event]:
                            refuse(event, approval, None, line)
    calls, broken = {}, 0
    for approval, starts in authentic[START].items():
        for claims, line in starts:
            decision = approval_of(approval)
            if not decision:
                refuse(DECISION, approval, "decision_missing", line)
            if differs(claims, decision, CALL) or claims["execution_id"] != approval:
                raise Problem("other_call", "What began is not what was decided on.", line)
            calls[approval] = claims["digest"]
            broken += "break_glass" in decision
    for event, outcome in OUTCOMES.items():
        for approval, told in authentic[event].items():
            for claims, line in told:
                if approval in calls:
                    if claims["digest"] != calls[approval]:
                        raise Problem("other_call", "The outcome is of another call.", line)
                elif outcome != "failed" and "result_digest" not in (approval_of(approval) or {}):
                    refuse(START, approval, "start_missing", line)
    for entry in entries:
        asked = authentic[REQUEST].get(entry["data"].get("approval_id"))
        notes += entry["type"] == "approval.decision_recorded" and not asked
    return len(calls), broken, notes


def place_of(name):
    """The record, version and place of an event whose id says them."""
    of = re.fullmatch(r"(.+)/([0-9]{1,15})/([0-9]{1,15})", name, re.S)
    return of and (of[1], int(of[2]), int(of[3]))


def missing_in(header, entries):
    """Events of this run that others name, as what they came of or as the one before in the same change."""
    there, named, records = {entry["id"] for entry in entries}, set(), {"runs/" + header["run_id"]}
    record_of = lambda name: (place_of(name) or [None])[0]  # noqa: E731
    for entry in entries:
        call, cause = entry["data"].get("approval_id"), entry.get("causationid")
        records |= {record_of(entry["id"])} | ({f"approvals/{call}", f"executions/{call}"} if type(call) is str else set())
        change = re.fullmatch(r"(.+/[0-9]+/)([1-9][0-9]{0,8})", entry["id"], re.S)
        named |= {change[1] + str(int(change[2]) - 1)} if change else set()
        named |= {cause} if isinstance(cause, str) and record_of(cause) else set()
    return sorted(name for name in named - there if record_of(name) in records)


def numbers_in(entries, named):
    """Numbers that no event of a record has, numbers that several have, and how many events have none."""
    records, missing, repeated, unnumbered = {}, [], [], 0
    for entry in entries:
        place = place_of(entry["id"])
        # Whoever sends commands may count in another way.
        if place and entry["source"].startswith("/countersign/"):
            records.setdefault((entry["source"], place[0]), []).append((entry, place))
    for (_, record), events in records.items():
        numbered, others = [], [place for place in map(place_of, named) if place and place[0] == record]
        for entry, place in events:
            number = entry.get("record_sequence")
            if type(number) is int and 0 < number < 2**53:
                numbered.append((number, entry["id"], place))
            else:
                others.append(place)
                unnumbered += 1
        last, last_id, last_place = 0, "", (record, -1, 0)
        for number, name, place in sorted(numbered, key=lambda each: each[0]):
            if number == last and name != last_id:
                repeated.append("%s#%d" % (record, number))
            gap = number - last - 1
            if gap > sum(last_place < each < place for each in others):
                missing.append("%s#%d" % (record, last + 1) + ("-%d" % (number - 1) if gap > 1 else ""))
            last, last_id, last_place = number, name, place
    return missing, repeated, unnumbered


def report(path, key):
    try:
        with open(path, "rb") as file:
            header, entries = open_bundle(file.read(), key)
        calls, broken, doubtful = check_meaning(header, entries)
        counts = {"entries": len(entries), "calls": calls, "break_glass": broken, "doubtful": doubtful}
        named = missing_in(header, entries)
        missing, counts["repeated"], counts["unnumbered"] = numbers_in(entries, named)
        counts["missing"] = named + missing
        return {"holds": True, "run_id": header["run_id"], **counts}
    except Problem as problem:
        return {"holds": False, "code": problem.code, "message": str(problem), "line": problem.line}


if __name__ == "__main__":
    trusted = read_key(sys.argv[1])
    reports = [report(path, trusted) for path in sys.argv[2:]]
    for each in reports:
        print(json.dumps(each))
    if not all(each["holds"] for each in reports):
        sys.exit(1)
    sys.exit(9 if any(each["missing"] or each["repeated"] for each in reports) else 0)
