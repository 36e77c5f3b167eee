// The stream of the server: one EventSource that is kept alive.
//
// EventSource itself reconnects after a break, with Last-Event-ID, and the server goes on where it was: no gap. Where that
// cannot be (it answered `reset`, refused, or took too long) a new one is opened with back-off, and its `hello` tells the
// page to load all anew; what comes after the `hello` is never older than what is loaded.

import { streamAddress } from "./api.js";

const EVENTS = ["value", "tile", "alert", "ledger"];
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 3_000; // a server that is back is found within 5 s
const PATIENCE_MS = 2_500; // for EventSource's own reconnecting

/** `on(name, data)` for each event, `fresh()` when all is to be loaded anew, `link(state)`: connecting, live, lost. */
export class Stream {
  #source = null;
  #timer = 0;
  #wait = FIRST_WAIT_MS;
  #parameters = null;
  #handlers;

  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** Follow another window, or KPI and dimension. */
  open(parameters) {
    this.#parameters = parameters;
    this.#wait = FIRST_WAIT_MS;
    this.#connect();
  }

  /** Now rather than when the wait is over: the network is back, the tab is looked at again. */
  hurry() {
    if (this.#parameters && this.#source?.readyState !== EventSource.OPEN) this.open(this.#parameters);
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(streamAddress(this.#parameters));
    this.#source = source;
    let resumed = false; // after the first `hello` EventSource reconnects by itself
    source.addEventListener("hello", () => {
      clearTimeout(this.#timer);
      this.#wait = FIRST_WAIT_MS;
      this.#handlers.link("live");
      if (!resumed) this.#handlers.fresh();
      resumed = true;
    });
    source.addEventListener("reset", () => this.#again());
    source.addEventListener("open", () => clearTimeout(this.#timer));
    source.addEventListener("error", () => this.#broken(source));
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        this.#handlers.link("live");
        this.#handlers.on(name, JSON.parse(event.data));
      });
    }
  }

  #broken(source) {
    if (source !== this.#source) return;
    this.#handlers.link("lost");
    clearTimeout(this.#timer);
    if (source.readyState === EventSource.CLOSED) this.#again();
    else this.#timer = setTimeout(() => this.#again(), PATIENCE_MS);
  }

  #again() {
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2);
  }
}
