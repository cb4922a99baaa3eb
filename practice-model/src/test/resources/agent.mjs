// Runs the real Agent SDK for a test: reads a plan from standard input, writes every message of
// the SDK as one line of JSON.
//
// plan: { sdk, cwd, env, options, inputs: [{ on, text | interrupt }], results, shop }
//   on       "start", "tool" (the next tool call) or the type of a message, such as "result"
//   results  how many results to wait for before the input is closed
//   shop     whether to offer a client-side tool: mcp__shop__price
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const plan = JSON.parse(readFileSync(0, 'utf8'));
const { createSdkMcpServer, query, tool } = await import(pathToFileURL(`${plan.sdk}/sdk.mjs`).href);

const waiting = [];
const next = (on) => new Promise((resolve) => { waiting.push({ on, resolve }); });
const happened = (on) => {
  const index = waiting.findIndex((waiter) => waiter.on === on);
  if (index >= 0) waiting.splice(index, 1)[0].resolve();
};

let agent;
let results = 0;
let enough;
const enoughResults = new Promise((resolve) => { enough = resolve; });

async function* input() {
  for (const step of plan.inputs) {
    if (step.on !== 'start') await next(step.on);
    if (step.interrupt) await agent.interrupt();
    else yield { type: 'user', message: { role: 'user', content: step.text }, parent_tool_use_id: null };
  }
  await enoughResults;
}

const options = {
  cwd: plan.cwd,
  env: plan.env,
  permissionMode: 'bypassPermissions',
  allowDangerouslySkipPermissions: true,
  ...plan.options,
};
if (plan.shop) {
  const { z } = createRequire(`${plan.sdk}/sdk.mjs`)('zod');
  const price = tool('price', 'Tells a price', { item: z.string(), count: z.number() }, async ({ item, count }) =>
    ({ content: [{ type: 'text', text: `${count} of ${item} cost ${count * 7}` }] }));
  options.mcpServers = { shop: createSdkMcpServer({ name: 'shop', version: '1.0.0', tools: [price] }) };
}

try {
  agent = query({ prompt: input(), options });
  for await (const message of agent) {
    console.log(JSON.stringify(message));
    if (message.type === 'assistant' && message.message.content.some((block) => block.type === 'tool_use')) {
      happened('tool');
    }
    happened(message.type);
    if (message.type === 'result') {
      results += 1;
      if (results >= plan.results) enough();
    }
  }
} catch (error) {
  console.log(JSON.stringify({ type: 'thrown', message: String(error?.message ?? error) }));
}
process.exit(0);
