// The npm client `openai` as its users drive it, behind the interface of the exported test:
// create({ stream: true }) and the accumulation loop of OpenAI's function calling guide.
import OpenAI from "openai";
import type { Parser } from "./chunkproof.test.js";

type Json = any; // what the client hands on, whatever its types promise

class Loop {
  choices = new Map<number, Json>();
  events: Json[] = [];
  usage: Json = null;

  take(chunk: Json): void {
    for (const { index, delta, finish_reason } of chunk.choices) {
      if (!this.choices.has(index)) this.choices.set(index, { index, role: null, text: "", refusal: "", calls: [] });
      const kept = this.choices.get(index);
      kept.role ??= delta.role ?? null;
      for (const [member, kind] of [["content", "text"], ["refusal", "refusal"]]) {
        if (!delta[member]) continue;
        kept[kind] += delta[member];
        this.events.push({ event: kind, choice: index, text: String(delta[member]) });
      }
      for (const entry of delta.tool_calls ?? []) this.takeCall(kept, entry);
      if (finish_reason) kept.finish_reason = finish_reason;
    }
    if (chunk.usage) this.usage = chunk.usage;
  }

  takeCall(kept: Json, entry: Json): void {
    const call = Object.keys(kept.calls).indexOf(String(entry.index));
    const number = call < 0 ? Object.keys(kept.calls).length : call;
    if (kept.calls[entry.index]) {
      kept.calls[entry.index].arguments += entry.function.arguments;
    } else {
      const { name, arguments: text } = entry.function;
      kept.calls[entry.index] = { id: entry.id, type: entry.type, name, arguments: text ?? "" };
      this.events.push({ event: "tool_call", choice: kept.index, call: number, index: entry.index ?? null, id: entry.id ?? null, name: name ?? null, type: entry.type ?? "" });
    }
    const fragment = entry.function.arguments;
    if (fragment) this.events.push({ event: "tool_arguments", choice: kept.index, call: number, fragment: String(fragment) });
  }
}

const parser: Parser = {
  profiles: ["core", "tools", "parallel-tools", "refusal", "choices"],
  notRepresented: ["reasoning", "logprobs", "audio", "annotations"],
  knownFailures: (process.env.CHUNKPROOF_KNOWN ?? "").split(",").filter(Boolean),

  async parse({ status, headers, body }) {
    const answer = async () => {
      const reads = body[Symbol.asyncIterator]();
      const pieces = new ReadableStream<Uint8Array>(
        { pull: async (to) => { const { done, value } = await reads.next(); if (done) to.close(); else to.enqueue(value); } },
        { highWaterMark: 0 },
      );
      const flat = Object.entries(headers).flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
      return new Response(pieces, { status, headers: flat });
    };
    const client = new OpenAI({ apiKey: "none", maxRetries: 0, baseURL: "http://replay.invalid/v1", fetch: answer });
    const loop = new Loop();
    let failed = false;
    try {
      const stream = await client.chat.completions.create({ model: "any", messages: [{ role: "user", content: "Go on." }], stream: true });
      for await (const chunk of stream) loop.take(chunk);
    } catch {
      failed = true;
    }
    const choices = [...loop.choices.values()].map(({ calls, ...choice }) => ({ ...choice, tool_calls: calls.filter(Boolean) }));
    const isDone = choices.length > 0 && choices.every((choice) => choice.finish_reason);
    return { outcome: failed ? "failed" : isDone ? "complete" : "incomplete", choices, usage: loop.usage, events: loop.events };
  },
};

export default parser;
