"""An agent of Pydantic AI whose tool is behind the gate: python pydantic_agent.py TASK."""

import os
import sys

from countersign import Countersign, GateError, gate
from pydantic_ai import Agent

client = Countersign(os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:4000"), os.environ["COUNTERSIGN_KEY"])
[task] = sys.argv[1:] or ["Pay 80 back for order A-17: the parcel is lost."]
agent = Agent("openai-chat:gpt-5.2", defer_model_check=True)


@gate(client, agent="bot", tool="refund", framework="Pydantic AI")
async def pay_back(order: str, amount: float) -> str:
    return f"Paid {amount:g} for {order}."


@agent.tool_plain
async def refund(order: str, amount: float) -> str:
    """Pays money back."""
    try:
        # The same order finds the same call, also after this program was killed.
        return await pay_back(key=f"refund {order}", reason=task, order=order, amount=amount)
    except GateError as error:
        # A call that was not made is no failure of the program: the model learns why.
        return str(error)


def main() -> str:
    return agent.run_sync(task).output


if __name__ == "__main__":
    print(main())
