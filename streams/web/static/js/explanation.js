// Why an alert fires, in the page's language, from the figures of alerting.explanation. Pure.

const TOP = 3;
const CLOSE = 0.1; // of the value; an open window goes on
const OTHERS = "(others)"; // of a dimension, those after the first ones: no segment to look into

/**
 * Whether an explanation is of the value that made the alert. It is made of what was read by then, and is told again:
 * for a moment it may be of an older revision, and would contradict the alert above it.
 */
export function fits({ explanation, value }) {
  return explanation !== null && value !== null && Math.abs(explanation.after - value) <= CLOSE * Math.abs(value);
}

/** Lines of text: the change, the failing step, the parts of it that surprise most. */
export function explained(explanation, kpi, say, format) {
  const value = (one) => (kpi ? format.value(kpi, one) : String(one));
  const signed = (one, points = say.t("tile.points")) => (kpi ? format.difference(kpi, one, points) : String(one));
  const lines = [
    say.t("alerts.why", { after: value(explanation.after), before: value(explanation.before), compared: compared(explanation.compared_with, say) }),
  ];
  if (explanation.step) lines.push(say.t("alerts.step", { step: say.step(explanation.step) }));
  for (const part of surprising(explanation).slice(0, TOP)) {
    const split = part.rate !== null && part.mix !== null;
    lines.push(
      say.t(split ? "alerts.part.split" : "alerts.part", {
        dimension: say.dimension(part.dimension),
        segment: say.segment(part.segment),
        change: signed(part.change),
        rate: split ? signed(part.rate, "{n}") : "",
        mix: split ? signed(part.mix, "{n}") : "",
      }),
    );
  }
  return lines;
}

function compared(words, say) {
  const ago = /^(\d+[smhdw]) before$/.exec(words);
  if (ago) return say.t("compared.ago", { length: say.window(ago[1]) });
  return say.has(`compared.${words}`) ? say.t(`compared.${words}`) : words;
}

/** Parts that made it so: by how much each did more than its weight alone would have brought. */
function surprising({ contributions, change: total }) {
  const found = [];
  for (const parts of Object.values(contributions)) {
    const weight = (part) => part.before[1] ?? part.before[0];
    const sum = (of) => parts.reduce((all, part) => all + of(part), 0);
    const [change, whole] = [sum((part) => part.change), sum(weight)];
    for (const part of parts) {
      const usual = whole ? (change * weight(part)) / whole : 0;
      const more = (part.change - usual) * Math.sign(total);
      if (part.segment !== OTHERS && more > 0) found.push({ part, more });
    }
  }
  return found.sort((a, b) => b.more - a.more).map((one) => one.part);
}
