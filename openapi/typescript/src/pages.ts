// Lists that go on by themselves: `for await (const job of client.jobs.list()) …`.

/** What every list has. */
export interface Page<T> {
  data: T[];
  has_more: boolean;
  first_id?: string | null;
  last_id?: string | null;
}

/** All items of a list, a page at a time. */
export class Pages<T> implements AsyncIterable<T> {
  /** `read` is given the `last_id` of the page before. */
  constructor(private readonly read: (after: string | undefined) => Promise<Page<T>>) {}

  /** The first page alone. */
  firstPage(): Promise<Page<T>> {
    return this.read(undefined);
  }

  async *byPage(): AsyncGenerator<Page<T>, void> {
    let after: string | undefined;
    for (;;) {
      const page = await this.read(after);
      yield page;
      const next = page.last_id ?? undefined;
      // a page that leads nowhere would be asked for without end
      if (!page.has_more || next === undefined || next === after) return;
      after = next;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for await (const page of this.byPage()) yield* page.data;
  }

  /** At most `most` of them; all if not given. */
  async toArray(most = Number.POSITIVE_INFINITY): Promise<T[]> {
    const items: T[] = [];
    if (most <= 0) return items;
    for await (const item of this) {
      items.push(item);
      if (items.length >= most) break;
    }
    return items;
  }
}
