/** A minimal observable state. Knows no markup. */
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

  /** Call `listener` after every change. Return a function that ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Return the store's state, and render the component again when it changes. */
export function useStore<State>(store: Store<State>): State {
  const [, render] = useState({});
  useEffect(() => store.subscribe(() => render({})), [store]);
  return store.state;
}
