// The view in the address: kpi, window, dimension, segment, against. A link can be shared, the back button works.

const NAMES = ["kpi", "window", "dimension", "segment", "against"];

/** Of an address's query; absent parts are null. */
export function viewOf(search) {
  const given = new URLSearchParams(search);
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) || null]));
}

/** The query of a view; what belongs to a KPI is left out without one. */
export function searchOf(view) {
  const kept = NAMES.filter((name) => view[name] && (view.kpi || name === "window"));
  const given = new URLSearchParams(kept.map((name) => [name, view[name]]));
  return kept.length ? `?${given}` : location.pathname;
}

/** What is really there of a wished view: an unknown KPI is none, a window the KPI has not is its first. */
export function settled(view, catalogue, remembered) {
  const kpi = catalogue.kpis.find((one) => one.name === view.kpi) ?? null;
  const has = (window) => window !== null && (kpi ? kpi.windows : catalogue.used).includes(window);
  const window = [view.window, remembered, "1h"].find(has) ?? (kpi ? kpi.windows : catalogue.used)[0] ?? null;
  const dimension = kpi && kpi.by.includes(view.dimension) ? view.dimension : null;
  const segment = dimension && view.segment ? view.segment : null;
  const against = view.against === "week" ? "week" : null;
  return { kpi: kpi?.name ?? null, window, dimension, segment, against };
}
