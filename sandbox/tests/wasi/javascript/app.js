// A reward in JavaScript that uses what WASI gives it; built by the opt-in test without stubbing WASI.
export function score(task, samples) {
  return samples.map((sample) => ({
    reward: sample.text.includes(task.reference) ? 1 : 0,
    components: [
      { name: "random", value: Math.random() },
      { name: "year", value: new Date().getUTCFullYear() },
    ],
  }));
}
