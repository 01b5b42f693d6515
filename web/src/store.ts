/** The smallest thing that holds state and tells who looks at it. Knows no markup. */
import { useEffect, useState } from 'preact/hooks';

export class Store<State> {
  #state: State;
  #listeners = new Set<() => void>();

  constructor(state: State) {
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  set state(next: State) {
    this.#state = next;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` at every change, until the function that it answers is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The store's state; the component renders again when it changes. */
export function useStore<State>(store: Store<State>): State {
  const [, render] = useState({});
  useEffect(() => store.subscribe(() => render({})), [store]);
  return store.state;
}
