"""An agent of agno whose tool is behind the gate: python agno_agent.py TASK."""

import os
import sys

from agno.agent import Agent
from agno.models.openai import OpenAIChat
from countersign import Countersign, GateError, gate

client = Countersign(os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:4000"), os.environ["COUNTERSIGN_KEY"])
[task] = sys.argv[1:] or ["Pay 80 back for order A-17: the parcel is lost."]


@gate(client, agent="bot", tool="refund", framework="agno")
def pay_back(order: str, amount: float) -> str:
    return f"Paid {amount:g} for {order}."


def refund(order: str, amount: float) -> str:
    """Pays money back."""
    try:
        # The same order finds the same call, also after this program was killed.
        return pay_back(key=f"refund {order}", reason=task, order=order, amount=amount)
    except GateError as error:
        # A call that was not made is no failure of the program: the model learns why.
        return str(error)


def main() -> str:
    agent = Agent(model=OpenAIChat(id="gpt-5.2"), tools=[refund], telemetry=False)
    return str(agent.run(task).content)


if __name__ == "__main__":
    print(main())
