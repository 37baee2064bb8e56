"""An agent of LangChain, on LangGraph, whose tool is behind the gate: python langgraph_agent.py TASK."""

import os
import sys

from countersign import Countersign, GateError, gate
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

client = Countersign(os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:4000"), os.environ["COUNTERSIGN_KEY"])
[task] = sys.argv[1:] or ["Pay 80 back for order A-17: the parcel is lost."]


@gate(client, agent="bot", tool="refund", framework="LangGraph")
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
    agent = create_agent(ChatOpenAI(model="gpt-5.2"), tools=[refund])
    return agent.invoke({"messages": [{"role": "user", "content": task}]})["messages"][-1].text


if __name__ == "__main__":
    print(main())
