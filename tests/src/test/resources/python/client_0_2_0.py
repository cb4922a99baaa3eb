"""Drives a server with the published client, version 0.2.0, as its own documentation does."""

import asyncio
import json
import sys

from chucky import Chucky, get_assistant_text, text_result, tool


@tool("greet", "Greets someone by name")
async def greet(name: str):
    return text_result(f"Hello, {name}!")


async def main(url: str, token: str) -> None:
    client = Chucky(url=url, token=token)
    answer = await client.prompt("say a plain answer")
    tooled = await client.prompt(
        'tool mcp__inline-tools__greet {"name": "Ada"}\nsay the tool said {{result}}', tools=[greet]
    )

    session = client.create_session()
    texts = []
    for message in ("Remember the number 4720", "Which number did I ask you to remember?"):
        await session.send(message)
        async for reply in session.stream():
            if reply.get("type") == "assistant":
                texts.append(get_assistant_text(reply))
    await session.close()

    refused = None
    try:
        await Chucky(url=url, token=token + "x").prompt("say nothing")
    except Exception as error:
        refused = str(error)

    print(
        json.dumps(
            {
                "result": answer.get("result"),
                "subtype": answer.get("subtype"),
                "tool": tooled.get("result"),
                "texts": texts,
                "refused": refused,
            }
        )
    )


asyncio.run(main(*sys.argv[1:]))
