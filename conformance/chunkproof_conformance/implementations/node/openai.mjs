// The npm client `openai`, driven as its users drive it.
//
//   node openai.mjs chunks    create({ stream: true }) and the accumulation loop of OpenAI's
//                             function calling guide
//   node openai.mjs stream    chat.completions.stream() and its final completion

import { errorOf, installed, replay, serve } from "./kit.mjs";

const { module, version } = installed("openai");
const way = process.argv[2] ?? "chunks";

function client(stream) {
  const given = stream.baseURL ? { baseURL: stream.baseURL } : { baseURL: "http://replay.invalid/v1", fetch: replay(stream) };
  return new module.OpenAI({ apiKey: "none", maxRetries: 0, ...given });
}

const question = (stream) => ({
  model: "any",
  messages: [{ role: "user", content: "Go on." }],
  ...("n" in stream.request ? { n: stream.request.n } : {}),
});

// What the user's own code holds while it iterates.
class Loop {
  choices = new Map();
  events = [];
  usage = null;

  take(chunk) {
    chunk.choices.forEach((choice, position) => this.takeChoice(indexOf(choice, position), choice));
    if (chunk.usage) this.usage = usageOf(chunk.usage);
  }

  takeChoice(index, { delta, finish_reason }) {
    if (!this.choices.has(index)) {
      this.choices.set(index, { role: null, text: "", refusal: "", finish_reason: null, calls: [], numbers: new Map() });
    }
    const kept = this.choices.get(index);
    kept.role ??= delta.role ?? null;
    for (const [member, kind] of [["content", "text"], ["refusal", "refusal"]]) {
      if (!delta[member]) continue;
      kept[kind] += delta[member]; // what is no string joins as JavaScript joins it
      this.events.push({ event: kind, choice: index, text: String(delta[member]) });
    }
    for (const entry of delta.tool_calls ?? []) this.takeCall(index, kept, entry);
    if (finish_reason) kept.finish_reason = finish_reason;
  }

  // The guide's loop: the first delta of an index is the call, later ones add arguments.
  takeCall(index, kept, entry) {
    if (!kept.calls[entry.index]) {
      const number = kept.numbers.size;
      kept.numbers.set(entry.index, number);
      const { name, arguments: text } = entry.function;
      kept.calls[entry.index] = { id: entry.id, type: entry.type, name, arguments: text ?? "" };
      this.events.push({ event: "tool_call", choice: index, call: number, index: entry.index ?? null, id: entry.id ?? null, name: name ?? null, type: entry.type ?? "" });
    } else {
      kept.calls[entry.index].arguments += entry.function.arguments;
    }
    const fragment = entry.function.arguments;
    if (fragment) {
      const call = kept.numbers.get(entry.index);
      this.events.push({ event: "tool_arguments", choice: index, call, fragment: String(fragment) });
    }
  }

  observed() {
    return [...this.choices].sort(([a], [b]) => a - b).map(([index, kept]) => ({
      index,
      role: kept.role,
      text: kept.text,
      refusal: kept.refusal,
      // A call whose index is no number is in no list that the guide's reader goes through.
      tool_calls: kept.calls.filter(Boolean).map(callOf),
      finish_reason: kept.finish_reason,
    }));
  }
}

async function chunks(stream) {
  const loop = new Loop();
  let error = null;
  try {
    for await (const chunk of await client(stream).chat.completions.create({ ...question(stream), stream: true })) {
      loop.take(chunk);
    }
  } catch (raised) {
    error = errorOf(raised);
  }
  const choices = loop.observed();
  return { outcome: outcomeOf(choices, error), choices, usage: loop.usage, error, events: loop.events };
}

async function stream(stream) {
  let completion = null;
  let error = null;
  let helper = null;
  try {
    helper = client(stream).chat.completions.stream(question(stream));
    completion = await helper.finalChatCompletion();
  } catch (raised) {
    error = errorOf(raised);
    completion = helper?.currentChatCompletionSnapshot ?? null;
  }
  const choices = (completion?.choices ?? []).map((choice, at) => ({
    index: indexOf(choice, at),
    role: textOf(choice.message?.role),
    text: textOf(choice.message?.content),
    refusal: textOf(choice.message?.refusal),
    audio: audioOf(choice.message?.audio),
    annotations: choice.message?.annotations ?? [],
    tool_calls: (choice.message?.tool_calls ?? []).map((call) => callOf({ ...call, ...call.function })),
    finish_reason: choice.finish_reason || null,
  }));
  const usage = completion?.usage ? usageOf(completion.usage) : null;
  return { outcome: outcomeOf(choices, error), choices, usage, error };
}

// Where the client shows no index, a user has the place in the list.
const indexOf = (choice, position) => (Number.isInteger(choice.index) ? choice.index : position);

// What stands where the client promises a string; anything else as it would be printed.
const textOf = (value) => (value === undefined || value === null ? null : String(value));

function audioOf(audio) {
  if (!audio) return null;
  const expires = Number.isInteger(audio.expires_at) ? audio.expires_at : null;
  return { id: textOf(audio.id), data: textOf(audio.data), transcript: textOf(audio.transcript), expires_at: expires };
}

const callOf = (call) => ({
  id: textOf(call.id),
  type: textOf(call.type),
  name: textOf(call.name),
  arguments: textOf(call.arguments),
});

function usageOf(usage) {
  const count = (name) => (Number.isInteger(usage[name]) ? usage[name] : null);
  return { prompt_tokens: count("prompt_tokens"), completion_tokens: count("completion_tokens"), total_tokens: count("total_tokens") };
}

// The client shows no [DONE]: done is a finish reason in every choice.
function outcomeOf(choices, error) {
  if (error) return "failed";
  return choices.length && choices.every((choice) => choice.finish_reason) ? "complete" : "incomplete";
}

serve({
  start: () => ({
    name: `openai-node-${way}`,
    version: `openai ${version}`,
    language: "javascript",
    homepage: "https://github.com/openai/openai-node",
    levels: way === "chunks" ? ["final", "sequence"] : ["final"],
    profiles: ["core", "tools", "parallel-tools", "refusal", "choices"],
    // The guide's loop reads neither audio nor annotations.
    not_represented: way === "chunks" ? ["reasoning", "logprobs", "audio", "annotations"] : ["reasoning", "logprobs"],
    note: way === "chunks" ? "create({stream: true}) with the guide's accumulation loop" : "chat.completions.stream() and its final completion",
  }),
  run: way === "chunks" ? chunks : stream,
});
