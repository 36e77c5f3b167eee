// A line of a few dozen points as SVG: the value, its interval as a band, the last point as a dot.

import { s, setAttribute } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 32;
const MARGIN = 3;
const WINDOWS = 60;
const LEAST_SPAN = 0.06; // of the greatest size: noise of a steady value stays small

/**
 * {line, band, dot}: path data in a box of WIDTH x HEIGHT. Points [start_s, value, low, high], `stepS` from one to the
 * next; more than `gapS` is a gap. What is further back than WINDOWS steps would press the rest into a corner.
 */
export function paths(all, stepS, gapS) {
  const points = stepS && all.length ? all.filter((point) => point[0] >= all.at(-1)[0] - WINDOWS * stepS) : all;
  const runs = runsOf(points, gapS);
  if (runs.length === 0) return { line: "", band: "", dot: "" };
  const scale = scaleOf(points, runs.flat());
  const at = (point, index) => `${scale.x(point[0])} ${scale.y(point[index])}`;
  const line = runs.map((run) => `M${run.map((point) => at(point, 1)).join("L")}${run.length === 1 ? "h0" : ""}`);
  const bands = runs.map((run) => run.filter((point) => point[2] !== null)).filter((run) => run.length > 1);
  const band = bands.map((run) => `M${[...run.map((one) => at(one, 3)), ...run.toReversed().map((one) => at(one, 2))].join("L")}Z`);
  return { line: line.join(""), band: band.join(""), dot: `M${at(runs.at(-1).at(-1), 1)}h0` };
}

/** Points that follow each other without a gap. */
function runsOf(points, gapS) {
  const runs = [];
  let last = null;
  for (const point of points) {
    const joined = last !== null && last[1] !== null && (!gapS || point[0] - last[0] <= gapS);
    if (point[1] !== null) {
      if (joined) runs.at(-1).push(point);
      else runs.push([point]);
    }
    last = point;
  }
  return runs;
}

function scaleOf(points, known) {
  const values = known.map((point) => point[1]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(most - least, LEAST_SPAN * Math.max(Math.abs(least), Math.abs(most)), 1e-9);
  // a wide interval (few sessions) is cut: the line has to stay readable
  const low = Math.max(Math.min(...known.map((point) => point[2] ?? point[1])), least - room);
  const high = Math.min(Math.max(...known.map((point) => point[3] ?? point[1])), most + room);
  const span = Math.max(high - low, room);
  const middle = (high + low) / 2;
  const [from, to] = [points[0][0], points.at(-1)[0]];
  const inside = HEIGHT - 2 * MARGIN;
  const rounded = (one) => Math.round(one * 10) / 10;
  const clipped = (value) => Math.min(middle + span / 2, Math.max(middle - span / 2, value));
  return {
    x: (start) => rounded(to === from ? WIDTH - MARGIN : MARGIN + ((start - from) / (to - from)) * (WIDTH - 2 * MARGIN)),
    y: (value) => rounded(MARGIN + inside * (0.5 - (clipped(value) - middle) / span)),
  };
}

/** A sparkline that can be drawn again; `draw` is for the points of now. */
export class Sparkline {
  #band = s("path", { class: "spark-band" });
  #line = s("path", { class: "spark-line" });
  #dot = s("path", { class: "spark-dot" });
  #drawn = null;

  constructor() {
    const box = { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
    this.node = s("svg", box, this.#band, this.#line, this.#dot);
  }

  draw(points, stepS, gapS) {
    if (points === this.#drawn) return;
    this.#drawn = points;
    const { line, band, dot } = paths(points, stepS, gapS);
    setAttribute(this.#line, "d", line);
    setAttribute(this.#band, "d", band);
    setAttribute(this.#dot, "d", dot);
  }
}
