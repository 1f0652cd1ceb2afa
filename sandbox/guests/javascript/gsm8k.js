// A GSM8K-like reward, world reward; ../README.md says what it is. Plain JavaScript whose types an editor or
// `tsc --noEmit --checkJs --strict gsm8k.js reward.d.ts` checks.

const NUMBER = /-?[0-9][0-9,]*(?:\.[0-9]+)?/g;
const MARKER = "####";

/**
 * A number in its shortest spelling: without commas, zeros at the ends, or the sign of zero.
 * @param {string} number
 */
function shortest(number) {
  const negative = number[0] === "-";
  const digits = (negative ? number.slice(1) : number).replaceAll(",", "");
  const point = digits.indexOf(".");
  let whole = point < 0 ? digits : digits.slice(0, point);
  let fraction = point < 0 ? "" : digits.slice(point + 1);
  let zeros = 0;
  while (whole[zeros] === "0") zeros++;
  whole = whole.slice(zeros);
  let size = fraction.length;
  while (size > 0 && fraction[size - 1] === "0") size--;
  fraction = fraction.slice(0, size);
  return (negative && (whole || fraction) ? "-" : "") + whole + "." + fraction;
}

/**
 * Where the run of numbers that ends a text begins: no number holds other characters than these.
 * @param {string} text
 */
function lastRun(text) {
  let at = text.length;
  while (at > 0 && !isDigit(text.charCodeAt(at - 1))) at--;
  while (at > 0 && (isDigit(text.charCodeAt(at - 1)) || ",.-".includes(text[at - 1]))) at--;
  return at;
}

/** @param {number} code */
function isDigit(code) {
  return code >= 48 && code <= 57;
}

/**
 * The first number after the last marker or, where there is no marker, the last number.
 * @param {string} text
 */
function answer(text) {
  const marker = text.lastIndexOf(MARKER);
  NUMBER.lastIndex = marker >= 0 ? marker + MARKER.length : lastRun(text);
  let last = NUMBER.exec(text);
  if (marker < 0) {
    for (let number = last; number !== null; number = NUMBER.exec(text)) last = number;
  }
  return last === null ? null : shortest(last[0]);
}

/**
 * @param {import("./reward").Task} task
 * @param {import("./reward").Sample[]} samples
 * @returns {import("./reward").Score[]}
 */
export function score(task, samples) {
  const wanted = answer(task.reference);
  if (wanted === null) {
    throw { tag: "bad-task", val: "the reference holds no number" };
  }
  return samples.map((sample) => {
    const correct = answer(sample.text) === wanted ? 1 : 0;
    const format = sample.text.includes(MARKER) ? 1 : 0;
    const length = 0 - 0.001 * Math.max(0, sample.tokenIds.length - 512);
    return {
      reward: correct + 0.1 * format + length,
      components: [
        { name: "correct", value: correct },
        { name: "format", value: format },
        { name: "length", value: length },
      ],
    };
  });
}
