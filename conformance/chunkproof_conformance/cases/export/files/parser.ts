// SPDX-License-Identifier: CC0-1.0
// The parser under test: put yours here, or name it in CHUNKPROOF_PARSER. This one is the loop that
// many programs have around `eventsource-parser`: it trusts the index of a call, knows no error but
// what JSON.parse throws, and joins what it finds.
import { createParser } from "eventsource-parser";
import type { Parser } from "./chunkproof.test.js";

type Json = any; // a chunk as it came

class Reader {
  choices = new Map<number, Json>();
  events: Json[] = [];
  usage: Json = null;

  take(chunk: Json): void {
    for (const { index, delta, finish_reason } of chunk.choices) {
      if (!this.choices.has(index)) this.choices.set(index, { index, text: "", refusal: "", reasoning: "", tool_calls: [] });
      const choice = this.choices.get(index);
      for (const [member, kind] of [["reasoning_content", "reasoning"], ["content", "text"], ["refusal", "refusal"]]) {
        if (!delta[member]) continue;
        choice[kind] += delta[member];
        this.events.push({ event: kind, choice: index, text: delta[member] });
      }
      for (const entry of delta.tool_calls ?? []) this.takeCall(choice, entry);
      if (finish_reason) choice.finish_reason = finish_reason;
    }
    if (chunk.usage) this.usage = chunk.usage;
  }

  takeCall(choice: Json, entry: Json): void {
    const call = (choice.tool_calls[entry.index] ??= { id: null, type: "function", name: null, arguments: "" });
    if (entry.id) call.id = entry.id;
    if (entry.function?.name) call.name = entry.function.name;
    if (entry.id || entry.function?.name) {
      this.events.push({ event: "tool_call", choice: choice.index, call: entry.index, index: entry.index, ...call });
    }
    const fragment = entry.function?.arguments ?? "";
    call.arguments += fragment;
    if (fragment) this.events.push({ event: "tool_arguments", choice: choice.index, call: entry.index, fragment });
  }
}

const parser: Parser = {
  profiles: ["core", "tools", "parallel-tools", "reasoning", "refusal", "choices"],
  notRepresented: ["role", "logprobs", "audio", "annotations"],
  knownFailures: (process.env.CHUNKPROOF_KNOWN ?? "").split(",").filter(Boolean),

  async parse({ status, body }) {
    const reader = new Reader();
    let failed = status !== 200;
    const frames = createParser({ onEvent: ({ data }) => data === "[DONE]" || reader.take(JSON.parse(data)) });
    const decoder = new TextDecoder();
    try {
      for await (const piece of body) frames.feed(decoder.decode(piece, { stream: true }));
    } catch {
      failed = true;
    }
    const choices = [...reader.choices.values()];
    choices.forEach((choice) => (choice.tool_calls = choice.tool_calls.filter(Boolean)));
    const isDone = choices.length > 0 && choices.every((choice) => choice.finish_reason);
    return { outcome: failed ? "failed" : isDone ? "complete" : "incomplete", choices, usage: reader.usage, events: reader.events };
  },
};

export default parser;
