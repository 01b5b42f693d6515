/** Finds the rows of a long table that are near the visible part of the page. Loaded only for a long table. Knows no row. */
import { observeWindowOffset, observeWindowRect, Virtualizer, windowScroll } from '@tanstack/virtual-core';

const OVERSCAN = 8; // rows above and below: fast scrolling shows rows, not a gap

export class Windowing {
  readonly #virtual: Virtualizer<Window, HTMLElement>;
  #size = 0;
  #key = (index: number) => index;

  constructor(private readonly onChange: () => void) {
    this.#virtual = new Virtualizer<Window, HTMLElement>(this.#options(0, 0));
  }

  /** Follow the page as it scrolls and changes its size. Return a function that stops it. */
  start(): () => void {
    const stop = this.#virtual._didMount();
    this.#virtual._willUpdate();
    return stop;
  }

  /** Return the indices of the rows to render: of `count` rows of `size` pixels, the first of which is `margin` pixels below the top. */
  indices(count: number, size: number, margin: number): number[] {
    if (size !== this.#size) this.#key = (index) => index; // another function: the library measures again
    this.#size = size;
    this.#virtual.setOptions(this.#options(count, margin));
    return this.#virtual.getVirtualIndexes();
  }

  #options(count: number, scrollMargin: number) {
    return {
      count,
      scrollMargin,
      overscan: OVERSCAN,
      estimateSize: () => this.#size,
      getItemKey: this.#key,
      getScrollElement: (): Window => window,
      scrollToFn: windowScroll,
      observeElementRect: observeWindowRect,
      observeElementOffset: observeWindowOffset,
      initialOffset: () => scrollY,
      onChange: () => this.onChange(),
    };
  }
}
