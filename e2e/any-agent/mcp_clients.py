"""Calls a gated tool over MCP with the tools of agno and of the OpenAI Agents SDK as they are; prints what each is told."""

import asyncio
import os

import httpx2
from agents.mcp import MCPServerStreamableHttp
from agno.tools.mcp import MCPTools
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

url = f"{os.environ['COUNTERSIGN_URL']}/mcp/bot"
headers = {"authorization": f"Bearer {os.environ['COUNTERSIGN_KEY']}"}


async def with_agno() -> None:
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        async with streamable_http_client(url, http_client=http) as (read, write, *_):
            async with ClientSession(read, write) as session:
                await session.initialize()
                async with MCPTools(session=session) as tools:
                    told = await tools.functions["credit"].entrypoint(order="agno")
                    print("agno:", told.content)


async def with_openai_agents() -> None:
    params = {"url": url, "headers": headers, "timeout": 60}
    async with MCPServerStreamableHttp(params=params, client_session_timeout_seconds=60) as server:
        told = await server.call_tool("credit", {"order": "OpenAI"})
        print("OpenAI Agents SDK:", told.content[0].text)


async def main() -> None:
    # To import all of this takes longer than anything after it.
    print("begins", flush=True)
    await asyncio.gather(with_agno(), with_openai_agents())


asyncio.run(main())
