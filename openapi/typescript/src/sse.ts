// Reads server-sent events off a body, as they come: https://html.spec.whatwg.org/multipage/server-sent-events.html

/** One event, or an id alone, which has no data. Comments (heartbeats) and `retry` are neither. */
export interface Frame {
  /** Its own, and not the one before it: what has none moves no cursor. */
  id: string | undefined;
  event: string;
  data: string;
}

/** The events of a body until it ends, however its bytes are cut. */
export async function* frames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let id: string | undefined;
  let event = "message";
  let data: string[] = [];
  for await (const line of lines(chunks)) {
    if (line === "") {
      // an event that the cut left without its empty line is none
      if (data.length > 0 || id !== undefined) yield { id, event, data: data.join("\n") };
      [id, event, data] = [undefined, "message", []];
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id" && !value.includes("\0")) id = value;
  }
}

/** Lines that end with LF, CRLF or CR; what follows the last of them is no line. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // pieces of a line that is not whole: a rollout is one long line, and joining at every piece would be quadratic
  let pieces: string[] = [];
  let endedWithCr = false;
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === "") continue;
    if (endedWithCr && text.startsWith("\n")) text = text.slice(1);
    endedWithCr = text.endsWith("\r");
    const parts = text.split(/\r\n|\n|\r/);
    const rest = parts.pop() ?? "";
    for (const part of parts) {
      pieces.push(part);
      yield pieces.join("");
      pieces = [];
    }
    if (rest !== "") pieces.push(rest);
  }
}
