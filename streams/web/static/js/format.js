// Figures and times as text in one language, currency and time zone. Pure: the moment is given.

const PERCENT_NAME = /_(rate|share|percent|attainment)$/;

/** A value of a record as a number: money comes as decimal text. Null stays null. */
export function number(value) {
  return value === null || value === undefined ? null : Number(value);
}

/** How a KPI is shown: percent, plain, money, count or seconds. */
export function kindOf(kpi) {
  if (kpi.unit === "ratio") return kpi.proportion || PERCENT_NAME.test(kpi.name) ? "percent" : "plain";
  return kpi.unit;
}

/** Formats of one language. `currency`: ISO 4217; `timezone`: IANA, that of the shop's days. */
export class Format {
  #made = new Map();
  #units; // British English writes `15 mins`, American `15 min`

  constructor(language, currency, timezone) {
    this.language = language === "en" ? "en-GB" : language;
    this.#units = language;
    this.currency = currency;
    this.timezone = timezone;
  }

  /** A value with its unit: `4.12%`, `£1,234`, `12,480`, `1 min 35 s`. */
  value(kpi, value) {
    return this.parts(kpi, value).map((part) => part.text).join("");
  }

  /** The same in parts [{text, unit: bool}], so that a unit can be set smaller. */
  parts(kpi, value) {
    const size = Math.abs(value);
    switch (kindOf(kpi)) {
      case "percent":
        return this.#split({ style: "percent", ...fixed(size < 0.0995 ? 2 : 1) }, value);
      case "money":
        return this.#split({ style: "currency", currency: this.currency, ...(size >= 1000 ? fixed(0) : fixed(2)), ...compact(size) }, value);
      case "seconds":
        return this.#duration(value);
      case "count":
        return this.#split({ maximumFractionDigits: 0, ...compact(size) }, value);
      default:
        return this.#split(fixed(2), value);
    }
  }

  /** A difference of two values, signed; of percents in points. `points`: the text `{n} pp`. */
  difference(kpi, change, points) {
    if (kindOf(kpi) === "percent") {
      return points.replace("{n}", this.#number({ signDisplay: "exceptZero", ...fixed(2) }).format(change * 100).replace("-", "−"));
    }
    const text = this.value(kpi, Math.abs(change));
    return change > 0 ? `+${text}` : change < 0 ? `−${text}` : text;
  }

  /** Shorter, for axes. */
  short(kpi, value) {
    switch (kindOf(kpi)) {
      case "percent":
        return this.#number({ style: "percent", maximumFractionDigits: 2 }).format(value);
      case "money":
        return this.#number({ style: "currency", currency: this.currency, notation: "compact", maximumFractionDigits: 2, minimumFractionDigits: 0 }).format(value);
      case "seconds":
        return this.#duration(value).map((part) => part.text).join("");
      default:
        return this.#number({ notation: "compact", maximumFractionDigits: 2 }).format(value);
    }
  }

  /** Of a difference of percents, without its sign: 0.0123 is `1.23`. */
  points(value) {
    return this.#number(fixed(value < 0.1 ? 2 : 1)).format(value * 100);
  }

  /** The numerator of a ratio, as records have it: money as text, seconds, or a count. */
  numerator(kpi, value) {
    return kpi.unit === "ratio" ? this.count(value) : this.value(kpi, number(value));
  }

  count(value) {
    return this.#number({ maximumFractionDigits: 0 }).format(value);
  }

  /** Of 0..1; small shares keep two significant digits. */
  share(value) {
    return this.#number({ style: "percent", maximumSignificantDigits: value < 0.1 ? 2 : 3 }).format(value);
  }

  /** A length of time, its greatest unit or two: `12 s`, `3 min`, `2 h 5 min`, `3 days`. */
  age(seconds) {
    const s = Math.max(0, Math.round(seconds));
    if (s < 60) return this.#unit("second", s);
    if (s < 3600) return this.#unit("minute", Math.round(s / 60));
    if (s < 86400) {
      const [hours, minutes] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)];
      return [this.#unit("hour", hours), ...(minutes ? [this.#unit("minute", minutes)] : [])].join(" ");
    }
    return this.#unit("day", Math.round(s / 86400));
  }

  /** Time of day; with the date unless it is on the day of `nowS`. Seconds since 1970 in and all below. */
  time(atS, nowS, seconds = false) {
    const clock = this.#date({ hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) }).format(atS * 1000);
    return this.day(atS) === this.day(nowS) ? clock : `${this.day(atS)}, ${clock}`;
  }

  day(atS) {
    return this.#date({ day: "numeric", month: "short" }).format(atS * 1000);
  }

  /**
   * The window from `startS` to `endS`: `12:00–13:00`, `27 Nov`, `21–27 Nov`, `November 2026`. Where clocks change a
   * day has 23 or 25 hours, and an end that was reckoned from a length is off by one: its last day is that of 2 h before.
   */
  span(window, startS, endS, nowS) {
    if (endS - startS < 23 * 3600) {
      const until = this.#date({ hour: "2-digit", minute: "2-digit" }).format(endS * 1000);
      return `${this.time(startS, nowS)}–${until}`;
    }
    if (window === "1M") return this.#date({ month: "long", year: "numeric" }).format(startS * 1000);
    return this.#date({ day: "numeric", month: "short" }).formatRange(startS * 1000, (endS - 2 * 3600) * 1000);
  }

  #duration(value) {
    if (Math.abs(value) < 60) return this.#split({ style: "unit", unit: "second", unitDisplay: "narrow", ...fixed(1) }, value);
    const s = Math.round(Math.abs(value));
    const [minutes, rest] = [Math.floor(s / 60) * Math.sign(value), s % 60];
    const space = { text: " ", unit: true };
    const tail = rest ? [space, ...this.#split({ style: "unit", unit: "second", unitDisplay: "narrow" }, rest)] : [];
    return [...this.#split({ style: "unit", unit: "minute", unitDisplay: "narrow" }, minutes), ...tail];
  }

  #split(options, value) {
    const bare = new Set(["integer", "group", "decimal", "fraction", "minusSign", "plusSign"]);
    return this.#number(options).formatToParts(value).map((part) => ({ text: part.value, unit: !bare.has(part.type) }));
  }

  #unit(unit, value) {
    const options = { style: "unit", unit, unitDisplay: unit === "day" ? "long" : "short", maximumFractionDigits: 0 };
    return this.#cached("u", options, () => new Intl.NumberFormat(this.#units, options)).format(value);
  }

  #number(options) {
    return this.#cached("n", options, () => new Intl.NumberFormat(this.language, options));
  }

  #date(options) {
    return this.#cached("d", options, () => new Intl.DateTimeFormat(this.language, { timeZone: this.timezone, hourCycle: "h23", ...options }));
  }

  // an Intl object takes a hundred times as long to make as to use
  #cached(kind, options, make) {
    const key = kind + JSON.stringify(options);
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key);
  }
}

function fixed(digits) {
  return { minimumFractionDigits: digits, maximumFractionDigits: digits };
}

function compact(size) {
  return size >= 10_000_000 ? { notation: "compact", minimumFractionDigits: 2, maximumFractionDigits: 2 } : {};
}

/** RFC 3339 text as seconds since 1970. */
export function seconds(text) {
  return Date.parse(text) / 1000;
}
