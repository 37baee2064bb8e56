"""A function of an agent in Python, behind the gate: python refund.py ORDER AMOUNT."""

import asyncio
import os
import sys

from countersign import Countersign, GateError, gate

client = Countersign(os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:4000"), os.environ["COUNTERSIGN_KEY"])


@gate(client, agent="bot")
def refund(order: str, amount: float) -> str:
    return f"Paid {amount:g} for {order}."


@gate(client, agent="bot", tool="refund")
async def refund_later(order: str, amount: float) -> str:
    return f"Paid {amount:g} for {order}, later."


def main(order: str, amount: float, *, later: bool = False) -> str:
    # The same key finds the same call, also after this program was killed. The rest is what whoever decides should know.
    call = {"key": order, "reason": "The parcel is lost.", "context": {"carrier": "Post"}}
    try:
        if later:
            return asyncio.run(refund_later(order=order, amount=amount, **call))
        return refund(order=order, amount=amount, **call)
    except GateError as error:
        return f"{error.status}: {error.note}"


if __name__ == "__main__":
    print(main(sys.argv[1], float(sys.argv[2]), later="--later" in sys.argv))
