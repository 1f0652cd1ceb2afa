// World `reward` of ../../wit/reward.wit, as JavaScript sees it.

export type Finish = "stop" | "length" | "tool" | "other";

/** One sampled completion. */
export interface Sample {
  text: string;
  tokenIds: Uint32Array;
  finish: Finish;
}

/** The prompt that all samples of the group answer. */
export interface Task {
  id: string;
  prompt: string;
  promptTokenIds: Uint32Array;
  /** The expected answer, as the customer wrote it. */
  reference: string;
  /** Free JSON of the customer; `{}` when there is none. */
  metadata: string;
  /** The only randomness a reward function has. */
  seed: bigint;
}

/** A named part of a reward. */
export interface Component {
  name: string;
  value: number;
}

export interface Score {
  reward: number;
  components: Component[];
}

/** Throw one of these to say that the task cannot be graded. */
export type Fault = { tag: "bad-task"; val: string } | { tag: "internal"; val: string };

/** Grades the whole group: one score per sample, in order. */
export function score(task: Task, samples: Sample[]): Score[];
