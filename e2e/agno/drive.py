"""Drives Countersign with agno's own client, as a program written for AgentOS does: drive.py URL KEY"""

import asyncio
import json
import sys
import urllib.request

from agno.client import AgentOSClient
from agno.db.base import SessionType
from agno.run.base import RunStatus
from httpx import HTTPStatusError

URL = sys.argv[1]
KEY = {"authorization": f"Bearer {sys.argv[2]}"}
DEPLOY = "Deploy the auth-service version 2.1.0 to production."


def seen(what: str) -> None:
    print(what, flush=True)


def approve(approval_id: str) -> None:
    """What a person does, with the approvals API."""
    body = json.dumps({"status": "approved", "resolved_by": "ada"}).encode()
    request = urllib.request.Request(
        f"{URL}/approvals/{approval_id}/resolve", body, {"content-type": "application/json", **KEY}
    )
    urllib.request.urlopen(request).read()


async def until_it_exists(approval_id: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(urllib.request.Request(f"{URL}/approvals/{approval_id}/status", headers=KEY)).read()
            return
        except urllib.error.HTTPError:
            await asyncio.sleep(0.05)
    raise TimeoutError(f"approval {approval_id}")


async def list_agents(client: AgentOSClient) -> None:
    agents = await client.list_agents(headers=KEY)
    assert [agent.id for agent in agents] == ["ops", "support", "access"], agents
    assert agents[0].name == "Operations" and agents[0].model.provider == "OpenAI"
    seen("list_agents")

    ops = await client.aget_agent("ops", headers=KEY)
    assert ops.name == "Operations" and "deploy_to_production" in [tool["name"] for tool in ops.tools["tools"]], ops
    seen("aget_agent")

    config = await client.aget_config(headers=KEY)
    assert [agent.id for agent in config.agents] == [agent.id for agent in agents], config
    assert [model.provider for model in config.available_models] == ["OpenAI"], config
    assert [await client.list_teams(headers=KEY), await client.list_workflows(headers=KEY)] == [[], []]
    seen("aget_config, list_teams and list_workflows")


async def run_and_approve(client: AgentOSClient) -> None:
    paused = await client.run_agent("ops", DEPLOY, session_id="agno", user_id="ana", headers=KEY)
    assert paused.status == RunStatus.paused and paused.is_paused, paused
    assert paused.session_id == "agno" and paused.user_id == "ana" and paused.agent_id == "ops"
    [requirement] = paused.active_requirements
    assert requirement.needs_external_execution and requirement.pause_type == "external_execution"
    assert requirement.tool_execution.tool_args == {"service_name": "auth-service", "version": "2.1.0"}
    seen("run_agent")

    requirement.set_external_execution_result("I did it myself")
    try:
        await client.continue_agent_run("ops", paused.run_id, tools=[requirement.tool_execution], headers=KEY)
        raise AssertionError("continued without an approval")
    except HTTPStatusError as error:
        assert error.response.status_code == 403, error.response.text
        assert requirement.id in error.response.json()["detail"]
    seen("continue_agent_run is refused while an approval is missing")

    await until_it_exists(requirement.id)
    approve(requirement.id)
    done = await client.continue_agent_run("ops", paused.run_id, tools=[], headers=KEY)
    assert done.status == RunStatus.completed, done
    assert "Deployed auth-service 2.1.0" in done.content
    assert done.tools[0].confirmed and "Deployed" in done.tools[0].result
    seen("continue_agent_run follows the approved run to its end")


async def fill_in(client: AgentOSClient) -> None:
    try:
        await client.run_agent("support", "Ask the customer.", session_id="agno", user_id="ana", headers=KEY)
        raise AssertionError("a session of another agent was taken")
    except HTTPStatusError as error:
        assert error.response.status_code == 404, error.response.text
    seen("run_agent in a session of another agent is refused")

    paused = await client.run_agent("support", "Ask the customer.", session_id="agno-support", headers=KEY)
    [requirement] = paused.active_requirements
    assert requirement.needs_user_input and requirement.pause_type == "user_input"
    assert [(field.name, field.field_type) for field in requirement.user_input_schema] == [("answer", str)]
    requirement.provide_user_input({"answer": "Blue."})
    done = await client.continue_agent_run("support", paused.run_id, tools=[requirement.tool_execution], headers=KEY)
    assert done.status == RunStatus.completed and "Blue." in done.content, done
    seen("continue_agent_run with user input")


async def stream(client: AgentOSClient) -> None:
    events = [event async for event in client.run_agent_stream("ops", "What can you do?", session_id="agno", user_id="ana", headers=KEY)]
    assert [events[0].event, events[-1].event] == ["RunStarted", "RunCompleted"]
    assert len({event.run_id for event in events}) == 1
    text = "".join(event.content for event in events if event.event == "RunContent")
    assert text == events[-1].content != "", (text, events[-1])
    seen("run_agent_stream to the end")

    events = [event async for event in client.run_agent_stream("ops", DEPLOY, headers=KEY)]
    assert events[-1].event == "RunPaused" and events[-1].is_paused
    [requirement] = events[-1].active_requirements
    assert requirement.needs_external_execution
    seen("run_agent_stream to a pause")

    run_id = events[-1].run_id
    await client.cancel_agent_run("ops", run_id, headers=KEY)
    runs = await client.get_session_runs(events[-1].session_id, headers=KEY)
    assert [(run.run_id, run.status) for run in runs] == [(run_id, "CANCELLED")], runs
    seen("cancel_agent_run")


async def continue_in_a_stream(client: AgentOSClient) -> None:
    paused = await client.run_agent("support", "Ask the customer.", headers=KEY)
    [requirement] = paused.active_requirements
    requirement.provide_user_input({"answer": "Green."})
    tools = [requirement.tool_execution]
    events = [event async for event in client.continue_agent_run_stream("support", paused.run_id, tools=tools, headers=KEY)]
    names = [event.event for event in events]
    assert "RunContinued" in names and names[-1] == "RunCompleted", names
    assert "Green." in events[-1].content
    seen("continue_agent_run_stream")


async def sessions(client: AgentOSClient) -> None:
    page = await client.get_sessions(limit=2, headers=KEY)
    assert page.meta.limit == 2 and page.meta.total_count >= 3 and len(page.data) == 2
    assert all(session.session_type == "agent" for session in page.data)
    by_user = await client.get_sessions(user_id="ana", headers=KEY)
    assert [session.session_id for session in by_user.data] == ["agno"]
    assert by_user.data[0].session_name == DEPLOY
    seen("get_sessions")

    session = await client.get_session("agno", headers=KEY)
    assert session.agent_session_id == "agno" and session.agent_id == "ops", session
    seen("get_session")

    runs = await client.get_session_runs("agno", headers=KEY)
    assert [run.status for run in runs] == ["COMPLETED"] * 2, runs
    assert runs[0].run_input == DEPLOY and "Deployed" in runs[0].content
    completed = await client.get_session_runs("agno", status=["completed"], headers=KEY)
    assert len(completed) == 2
    seen("get_session_runs")

    run = await client.get_session_run("agno", runs[0].run_id, user_id="ana", headers=KEY)
    assert run.run_id == runs[0].run_id and run.run_input == DEPLOY, run
    renamed = await client.rename_session("agno", "The release", headers=KEY)
    assert [renamed.session_name, (await client.get_session("agno", headers=KEY)).session_name] == ["The release"] * 2
    seen("get_session_run and rename_session")

    for code, status, refused in [
        ("session_not_found", 404, client.rename_session("agno", "Mine", user_id="mallory", headers=KEY)),
        ("method_not_allowed", 405, client.delete_session("agno", headers=KEY)),
        ("method_not_allowed", 405, client.delete_sessions(["agno"], [SessionType.AGENT], headers=KEY)),
        ("method_not_allowed", 405, client.update_session("agno", session_name="Mine", headers=KEY)),
        ("method_not_allowed", 405, client.create_session(agent_id="ops", headers=KEY)),
        ("route_not_found", 404, client.get_traces(headers=KEY)),
        ("route_not_found", 404, client.list_memories(headers=KEY)),
        ("route_not_found", 404, client.list_eval_runs(headers=KEY)),
    ]:
        try:
            await refused
            raise AssertionError(f"{code} was expected")
        except HTTPStatusError as error:
            assert [error.response.status_code, error.response.json()["code"]] == [status, code], error.response.text
    seen("what is not here is refused by a code")


async def main() -> None:
    client = AgentOSClient(base_url=URL, timeout=30)
    await list_agents(client)
    await run_and_approve(client)
    await fill_in(client)
    await stream(client)
    await continue_in_a_stream(client)
    await sessions(client)


asyncio.run(main())
