"""Checks every answer of the approvals routes with the models of agno's own server: approvals.py URL KEY"""

import json
import sys
import time
import urllib.error
import urllib.request

from agno.os.routers.approvals.schema import ApprovalCountResponse, ApprovalResponse, ApprovalStatusResponse
from agno.os.schema import PaginatedResponse

URL = sys.argv[1]
KEY = {"authorization": f"Bearer {sys.argv[2]}"}
DEPLOY = "Deploy the auth-service version 2.1.0 to production."
Page = PaginatedResponse[ApprovalResponse]


def seen(what: str) -> None:
    print(what, flush=True)


def ask(method: str, path: str, body: dict | None = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    headers = KEY if body is None else {"content-type": "application/json", **KEY}
    try:
        with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers, method=method)) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def get(path: str) -> bytes:
    status, body = ask("GET", path)
    assert status == 200, (path, status, body)
    return body


def page(query: str) -> Page:
    return Page.model_validate_json(get(f"/approvals?{query}"))


def ids(query: str) -> list[str]:
    return [approval.id for approval in page(query).data]


def start(user_id: str) -> str:
    """Starts a run that asks for an approval. Returns the id of the run."""
    status, body = ask("POST", "/agents/ops/runs", {"input": DEPLOY, "user_id": user_id})
    assert status == 202, (status, body)
    return json.loads(body)["run_id"]


def approval_of(run_id: str) -> ApprovalResponse:
    for _ in range(200):
        found = page(f"run_id={run_id}").data
        if found:
            return found[0]
        time.sleep(0.05)
    raise TimeoutError(f"the approval of run {run_id}")


def list_and_count() -> list[ApprovalResponse]:
    assert Page.model_validate_json(get("/approvals")).meta.total_pages == 0
    approvals = [approval_of(start(user_id)) for user_id in ["ana", "ana", "ben"]]
    everything = ids("")
    assert sorted(everything) == sorted(approval.id for approval in approvals)
    pages = [page(f"limit=2&page={n}") for n in (1, 2, 3)]
    assert [len(each.data) for each in pages] == [2, 1, 0]
    assert {approval.id for each in pages for approval in each.data} == set(everything)
    assert (pages[0].meta.page, pages[0].meta.limit, pages[0].meta.total_pages, pages[0].meta.total_count) == (1, 2, 2, 3)
    seen("list with pages")

    [first, *_] = approvals
    for query, count in {
        "status=pending": 3,
        "status=approved": 0,
        "source_type=agent": 3,
        "approval_type=required": 3,
        "approval_type=audit": 0,
        "pause_type=external_execution": 3,
        "agent_id=ops": 3,
        "agent_id=support": 0,
        "team_id=none": 0,
        "workflow_id=none": 0,
        "schedule_id=none": 0,
        "user_id=ana": 2,
        f"run_id={first.run_id}": 1,
        f"run_id={first.run_id}&user_id=ben": 0,
    }.items():
        assert page(query).meta.total_count == count, query
    assert ask("GET", "/approvals?status=nonsense")[0] == 400
    assert ask("GET", "/approvals?limit=1001")[0] == 400
    seen("list with filters")

    assert ApprovalCountResponse.model_validate_json(get("/approvals/count")).count == 3
    assert ApprovalCountResponse.model_validate_json(get("/approvals/count?user_id=ana")).count == 2
    seen("count")
    return approvals


def read(listed: ApprovalResponse) -> None:
    approval = ApprovalResponse.model_validate_json(get(f"/approvals/{listed.id}"))
    assert approval.status == "pending" and approval.tool_name == "deploy_to_production"
    assert approval.tool_args == {"service_name": "auth-service", "version": "2.1.0"}
    assert approval.user_id == "ana" and approval.agent_id == "ops" and approval.source_name == "Operations"
    assert approval.run_status.value == "PAUSED" and isinstance(approval.created_at, int)
    seen("get")

    status = ApprovalStatusResponse.model_validate_json(get(f"/approvals/{listed.id}/status"))
    assert (status.approval_id, status.status, status.run_id) == (listed.id, "pending", listed.run_id)
    assert status.resolved_at is None and status.resolved_by is None
    seen("status")


def resolve(approved: ApprovalResponse, rejected: ApprovalResponse) -> None:
    decision = {"status": "approved", "resolved_by": "somebody else", "resolution_data": {"note": "fine", "more": [1]}}
    status, body = ask("POST", f"/approvals/{approved.id}/resolve", decision)
    assert status == 200, (status, body)
    approval = ApprovalResponse.model_validate_json(body)
    assert approval.status == "approved" and approval.resolution_data == {"note": "fine", "more": [1]}
    assert approval.resolved_by == "admin" and isinstance(approval.resolved_at, int)
    status, body = ask("POST", f"/approvals/{rejected.id}/resolve", {"status": "rejected"})
    assert status == 200 and ApprovalResponse.model_validate_json(body).status == "rejected", (status, body)
    state = ApprovalStatusResponse.model_validate_json(get(f"/approvals/{rejected.id}/status"))
    assert state.status == "rejected" and state.resolved_by == "admin"
    assert ids("status=approved") == [approved.id] and ids("status=rejected") == [rejected.id]
    seen("resolve")

    status, body = ask("POST", f"/approvals/{approved.id}/resolve", {"status": "rejected"})
    assert status == 409 and "already resolved: approved" in json.loads(body)["detail"], (status, body)
    seen("resolve again is 409")


def missing() -> None:
    for method, path, body in [
        ("GET", "/approvals/nowhere", None),
        ("GET", "/approvals/nowhere/status", None),
        ("POST", "/approvals/nowhere/resolve", {"status": "approved"}),
        ("DELETE", "/approvals/nowhere", None),
    ]:
        status, answer = ask(method, path, body)
        assert status == 404 and json.loads(answer)["detail"], (method, path, status, answer)
    seen("what is not there is 404")


def delete(approval: ApprovalResponse) -> None:
    assert ask("DELETE", f"/approvals/{approval.id}") == (204, b"")
    assert ask("GET", f"/approvals/{approval.id}")[0] == 404
    assert approval.id not in ids("")
    assert ApprovalCountResponse.model_validate_json(get("/approvals/count")).count == 0
    seen("delete")


first, second, third = list_and_count()
read(first)
resolve(first, second)
missing()
delete(third)
