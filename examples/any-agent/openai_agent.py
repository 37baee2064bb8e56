"""An agent of the OpenAI Agents SDK whose tool is behind the gate: python openai_agent.py TASK."""

import os
import sys

from agents import Agent, Runner, function_tool, set_tracing_disabled
from countersign import Countersign, GateError, gate

client = Countersign(os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:4000"), os.environ["COUNTERSIGN_KEY"])
[task] = sys.argv[1:] or ["Pay 80 back for order A-17: the parcel is lost."]
set_tracing_disabled(True)


@gate(client, agent="bot", tool="refund", framework="OpenAI Agents SDK")
async def pay_back(order: str, amount: float) -> str:
    return f"Paid {amount:g} for {order}."


@function_tool
async def refund(order: str, amount: float) -> str:
    """Pays money back."""
    try:
        # The same order finds the same call, also after this program was killed.
        return await pay_back(key=f"refund {order}", reason=task, order=order, amount=amount)
    except GateError as error:
        # A call that was not made is no failure of the program: the model learns why.
        return str(error)


def main() -> str:
    agent = Agent(name="Refund bot", model="gpt-5.2", tools=[refund])
    return str(Runner.run_sync(agent, task).final_output)


if __name__ == "__main__":
    print(main())
