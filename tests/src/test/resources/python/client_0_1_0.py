"""Drives a server with the published client, version 0.1.0, as its own documentation does."""

import asyncio
import json
import sys

from chucky import Chucky, text_result, tool


@tool("greet", "Greets someone by name")
async def greet(name: str):
    return text_result(f"Hello, {name}!")


async def main(url: str, token: str) -> None:
    client = Chucky(url=url, token=token)
    answer = await client.prompt("say a plain answer")
    tooled = await client.prompt(
        'tool mcp__inline-tools__greet {"name": "Ada"}\nsay the tool said {{result}}', tools=[greet]
    )
    print(
        json.dumps(
            {
                "result": answer.result,
                "session": answer.session_id,
                "cost": answer.total_cost_usd,
                "types": [message["type"] for message in answer.messages],
                "tool": tooled.result,
            }
        )
    )


asyncio.run(main(*sys.argv[1:]))
