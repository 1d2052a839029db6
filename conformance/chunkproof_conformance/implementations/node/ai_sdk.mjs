// The AI SDK's providers: the stream of parts that `streamText` is built on.
//
//   node ai_sdk.mjs openai        @ai-sdk/openai, chat models
//   node ai_sdk.mjs compatible    @ai-sdk/openai-compatible
//
// A part `tool-call` makes `streamText` run the tool as soon as it comes, unless the input is not
// JSON or not of the tool's schema: then it says so and runs nothing. So a call is reported as
// executable where such a part came and its input is JSON. A blank input the SDK takes for an empty
// object; whether that is run the tool's schema says, so nothing is reported of it.
// The parts carry no role, no type of a call, no choice, and log probabilities only as metadata.

import { errorOf, installed, replay, serve } from "./kit.mjs";

const which = process.argv[2] ?? "compatible";
const name = which === "openai" ? "@ai-sdk/openai" : "@ai-sdk/openai-compatible";
const { module, version } = installed(name);

function model(stream) {
  const given = stream.baseURL ? { baseURL: stream.baseURL } : { baseURL: "http://replay.invalid/v1", fetch: replay(stream) };
  if (which === "openai") return module.createOpenAI({ apiKey: "none", ...given }).chat("any");
  return module.createOpenAICompatible({ name: "any", apiKey: "none", includeUsage: true, ...given })("any");
}

// Citations come as sources, without the places they stand at.
const NO_PLACE = ["role", "refusal", "logprobs", "audio", "annotations", "tool_calls.type", "usage.total_tokens"];

class Parts {
  events = [];
  calls = [];
  numbers = new Map();
  text = "";
  reasoning = "";
  finish = null;
  usage = null;
  error = null;
  finished = false;

  take(part) {
    switch (part.type) {
      case "text-delta":
        this.say("text", part.delta);
        break;
      case "reasoning-delta":
        this.say("reasoning", part.delta);
        break;
      case "tool-input-start":
        this.open(part.id, part.toolName);
        break;
      case "tool-input-delta":
        this.calls[this.numbers.get(part.id)].arguments += part.delta;
        if (part.delta) this.events.push({ event: "tool_arguments", choice: 0, call: this.numbers.get(part.id), fragment: part.delta });
        break;
      case "tool-call":
        this.complete(part);
        break;
      case "finish":
        this.finish = part.finishReason?.raw ?? null;
        this.usage = usageOf(part.usage);
        break;
      case "error":
        this.error = errorOf(part.error);
        break;
    }
  }

  say(kind, text) {
    if (!text) return;
    this[kind] += text;
    this.events.push({ event: kind, choice: 0, text });
  }

  open(id, toolName) {
    this.numbers.set(id, this.calls.length);
    this.calls.push({ id: id ?? null, name: toolName ?? null, arguments: "", executable: false });
    this.events.push({ event: "tool_call", choice: 0, call: this.calls.length - 1, index: null, id: id ?? null, name: toolName ?? null, type: "" });
  }

  complete(part) {
    if (!this.numbers.has(part.toolCallId)) this.open(part.toolCallId, part.toolName);
    const call = this.calls[this.numbers.get(part.toolCallId)];
    Object.assign(call, { name: part.toolName, arguments: part.input, executable: part.input.trim() === "" ? null : isJson(part.input) });
  }

  observation() {
    const outcome = this.error ? "failed" : this.finish ? "complete" : "incomplete";
    const choice = { index: 0, text: this.text, reasoning: this.reasoning, tool_calls: this.calls, finish_reason: this.finish };
    return { outcome, choices: [choice], usage: this.usage, error: this.error, events: this.events };
  }
}

function isJson(text) {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

function usageOf(usage) {
  const input = usage?.inputTokens?.total ?? null;
  const output = usage?.outputTokens?.total ?? null;
  return input === null && output === null ? null : { prompt_tokens: input, completion_tokens: output };
}

async function run(stream) {
  const parts = new Parts();
  const prompt = [{ role: "user", content: [{ type: "text", text: "Go on." }] }];
  try {
    const { stream: incoming } = await model(stream).doStream({ prompt });
    for await (const part of incoming) parts.take(part);
  } catch (raised) {
    parts.error = errorOf(raised);
  }
  return parts.observation();
}

serve({
  start: () => ({
    name: `ai-sdk-${which}`,
    version: `${name} ${version}`,
    language: "javascript",
    homepage: "https://github.com/vercel/ai",
    levels: ["final", "sequence"],
    profiles: which === "openai" ? ["core", "tools", "parallel-tools"] : ["core", "tools", "parallel-tools", "reasoning"],
    not_represented: which === "openai" ? ["reasoning", ...NO_PLACE] : NO_PLACE,
    cannot_request: ["n"],
    note: `doStream of ${name}`,
  }),
  run,
});
