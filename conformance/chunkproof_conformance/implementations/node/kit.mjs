// The adapter kit for Node: protocol version 1 on standard input and output.
//
//   serve({ start: () => implementation, run: async (stream) => observation, stop: () => {} })
//
// `stream` has pieces (Buffers), end, status, headers, request and options; from a replay server
// it has baseURL instead of pieces. An exception that leaves `run` is the adapter's own fault.
// Nothing but answers may be written to standard output: console.log goes to standard error.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

console.log = console.info = console.debug = console.error;

/** A package as the project that is being judged has it: looked up from the working directory. */
export function installed(name) {
  const root = process.env.CHUNKPROOF_NODE_ROOT ?? process.cwd();
  const look = createRequire(resolve(root, "package.json"));
  try {
    // Not every package exports its package.json, so it is read as a file.
    const folder = look.resolve.paths(name).map((path) => join(path, name)).find(existsSync) ?? name;
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return { module: look(name), version };
  } catch (error) {
    process.stderr.write(`${name} is not installed in ${root}: npm install ${name}\n`);
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** A `fetch` that answers with the stream's pieces, each one read, then ends as it says. */
export function replay(stream) {
  return async () => {
    const waiting = [...stream.pieces];
    const body = new ReadableStream(
      {
        pull(controller) {
          if (waiting.length) controller.enqueue(new Uint8Array(waiting.shift()));
          else if (stream.end === "eof") controller.close();
          // What Node's own fetch throws when the peer resets or closes too early.
          else controller.error(new TypeError("terminated", { cause: new Error(CAUSE[stream.end]) }));
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { status: stream.status, headers: stream.headers });
  };
}

const CAUSE = { reset: "read ECONNRESET", "short-length": "other side closed" };

/** What a user reads of an exception. */
export function errorOf(error) {
  const message = String(error?.message ?? error).split("\n")[0].slice(0, 300);
  return { message, type: error?.name ?? typeof error };
}

export async function serve(adapter) {
  let loaded = null;
  const say = (answer) =>
    new Promise((resolve) => process.stdout.write(`${JSON.stringify(answer)}\n`, resolve));
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const command = JSON.parse(line);
    if (command.cmd === "start") {
      await say({ protocol: 1, implementation: adapter.start() });
    } else if (command.cmd === "load") {
      loaded = { ...command, body: Buffer.from(command.body ?? "", "base64") };
      await say({ stream: command.stream });
    } else if (command.cmd === "run") {
      await say(await answerTo(adapter, command, loaded));
    } else {
      break;
    }
  }
  await adapter.stop?.();
  process.exit(0);
}

async function answerTo(adapter, command, loaded) {
  const { seq, cuts, options, base_url: baseURL } = command;
  try {
    return { seq, observation: await adapter.run({ ...loaded, pieces: cut(loaded.body, cuts), options, baseURL }) };
  } catch (error) {
    return { seq, broken: { message: `${error?.name}: ${error?.message}`, traceback: String(error?.stack) } };
  }
}

function cut(body, cuts) {
  if (!body.length) return [];
  const edges = [0, ...cuts, body.length];
  return edges.slice(1).map((end, number) => body.subarray(edges[number], end));
}
