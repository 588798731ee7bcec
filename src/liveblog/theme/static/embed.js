// <live-blog src="https://…/live.json" limit="10">: the live blog inside an article of another site.
// It needs nothing else; the link within it is what readers have until it is there.

const STYLE = `
:host { display: block; font: inherit; line-height: 1.5; text-align: start; container-type: inline-size; }
.box { border: 1px solid rgb(127 127 127 / 0.4); border-radius: 4px; overflow-wrap: break-word; }
.box > header, article { padding: 0.7em 1em; }
.box > header { display: flex; flex-wrap: wrap; gap: 0 1em; justify-content: space-between; font-weight: 700; }
.box > header span { font-weight: 400; font-size: 0.85em; }
.live::before { content: "● "; content: "● " / ""; color: #d8453a; }
.box .entries { margin: 0; padding: 0; list-style: none; max-height: 40em; overflow: auto; }
article { border-top: 1px solid rgb(127 127 127 / 0.3); }
h3, h4, h5, h6 { margin: 0 0 0.3em; font-size: 1em; }
h3 .title { display: block; }
.when, .badge, .claim, footer, .sources, .correction, .footnotes, figcaption, .day { font-size: 0.85em; }
.when { unicode-bidi: isolate; white-space: nowrap; }
.day { padding: 0.7em calc(1em / 0.85) 0.3em; font-weight: 700; }
.badge { margin-inline-start: 0.6em; }
.badge::before { content: "◆ "; content: "◆ " / ""; color: #d8453a; }
.claim { padding: 0.3em 0.6em; border: 1px dashed; border-radius: 3px; }
.confirmed { padding: 0; border: 0; font-weight: 400; }
.confirmed::before { content: "✓ "; content: "✓ " / ""; }
.confirmed strong { font-weight: 400; }
.correction, .figures li { padding: 0.2em 0.6em; border-radius: 3px; background: rgb(127 127 127 / 0.15); }
.correction ins { text-decoration: none; }
.box .figures { display: flex; flex-wrap: wrap; gap: 0.3em; padding: 0; list-style: none; font-weight: 600; }
.retracted .when time { text-decoration: line-through; }
.content > :last-child { margin-bottom: 0; }
p, ul, ol, dl, table, pre, figure, blockquote { margin: 0 0 0.6em; }
ul, ol { padding-inline-start: 1.4em; list-style: disc; }
ol { list-style: decimal; }
li li ul { list-style: circle; }
blockquote { padding-inline-start: 0.8em; border-inline-start: 2px solid rgb(127 127 127 / 0.6); }
pre, table { display: block; max-width: 100%; overflow: auto; }
th, td { padding: 0.2em 0.6em; border-bottom: 1px solid rgb(127 127 127 / 0.3); text-align: start; }
a { color: inherit; }
img, video { display: block; max-width: 100%; height: auto; }
button, .to-pinned, .tags { display: none; }
footer { opacity: 0.85; }
`;

const ANSWER_LIMIT = 8_000; // milliseconds within which a server answers
const OUTAGE_DELAY = 3_000; // milliseconds without the server before the reader is told
const FRESH = 1_000; // milliseconds in which a stream that was heard is taken for alive

/** Write a time as the page writes those of its entries. */
function clock(time, { clock: [pattern, ...periods], zone }) {
  const format = new Intl.DateTimeFormat("en", {
    timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }); // prettier-ignore
  const [HH, mm] = format.format(time).split(":");
  const fields = { H: Number(HH), HH, h: HH % 12 || 12, mm, a: periods[Math.floor(HH / 12)] };
  return pattern.replace(/{(\w+)}/g, (_, name) => fields[name]);
}

class LiveBlog extends HTMLElement {
  #entries = new Map();
  #removed = new Set();
  #failures = 0;
  #point = "";

  connectedCallback() {
    this.#source = new URL(this.getAttribute("src"), location.href);
    this.#limit = Math.min(Math.max(Number(this.getAttribute("limit")) || 20, 1), 50);
    this.#load().then(() => this.#listen(), () => this.#again());
    this.#watch = setInterval(() => this.#checkSilence(), 2_000);
    for (const kind of ["visibilitychange", "pageshow", "online"]) addEventListener(kind, this.#resume);
  }

  disconnectedCallback() {
    this.#close();
    clearTimeout(this.#timer);
    clearTimeout(this.#lostTimer);
    clearInterval(this.#watch);
    for (const kind of ["visibilitychange", "pageshow", "online"]) removeEventListener(kind, this.#resume);
  }

  /** The page is shown again: no error tells that a stream died meanwhile. */
  #resume = () => {
    if (document.hidden || !this.#stream || Date.now() - this.#heardAt < FRESH) return;
    this.#load().catch(() => {});
    this.#listen();
  };

  #checkSilence() {
    if (this.#stream && Date.now() - this.#heardAt > (this.#silence || ANSWER_LIMIT)) this.#fail();
  }

  #state = ""; // of the coverage, in words
  #lostAt = 0; // when the server was reached last, while it cannot be reached
  #lostTimer;
  #source;
  #limit;
  #stream;
  #timer;
  #watch;
  #heardAt = 0;
  #silence = 0; // milliseconds without a word after which a stream is dead; 0: not known
  #retryAt = 0; // when the stream is tried again
  #about;
  #isOver = false;
  #isPushed = false; // whether live.json named a stream; a static host has none

  async #load() {
    try {
      await this.#read();
    } catch (error) {
      this.#setReachable(false);
      throw error;
    }
    this.#setReachable(true);
  }

  async #read() {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), ANSWER_LIMIT);
    const answer = await fetch(this.#source, { cache: "no-cache", signal: abort.signal });
    clearTimeout(limit);
    if (!answer.ok) throw new Error(answer.status);
    this.#isPushed = answer.headers.get("link")?.includes("text/event-stream") ?? false;
    const { entries, removed, page, title, url, language, direction, outage } = await answer.json();
    this.#about = { title, url, language, direction, outage };
    for (const item of entries) this.#take(item);
    for (const id of removed) this.#drop(id);
    this.#draw(page);
  }

  #take(item) {
    const known = this.#entries.get(item.id);
    if (!this.#removed.has(item.id) && !(known?.rev >= item.rev)) this.#entries.set(item.id, item);
  }

  #drop(id) {
    this.#removed.add(id);
    this.#entries.delete(id);
  }

  #listen() {
    if (!this.isConnected || this.#isOver) return;
    if (!this.#isPushed) return this.#again();
    clearTimeout(this.#timer);
    this.#close();
    this.#heardAt = Date.now();
    const query = this.#point ? `?after=${encodeURIComponent(this.#point)}` : "";
    const opened = new EventSource(new URL(`events${query}`, this.#source));
    this.#stream = opened;
    const on = (kind, act) =>
      opened.addEventListener(kind, (event) => {
        // WebKit opens a stream again that was closed when its page was left.
        if (this.#stream !== opened) return opened.close();
        this.#failures = 0;
        this.#setReachable(true);
        this.#heardAt = Date.now();
        const isFirst = kind === "hello" && !this.#point;
        this.#point = event.lastEventId || this.#point;
        act(JSON.parse(event.data));
        // What was told between our reading of live.json and this.
        if (isFirst) this.#load().catch(() => {});
      });
    on("hello", ({ beat }) => (this.#silence = (beat ?? Infinity) * 2500));
    on("beat", () => {});
    on("entry", (item) => (this.#removed.delete(item.id), this.#take(item), this.#draw()));
    on("removed", ({ id }) => (this.#drop(id), this.#draw()));
    on("page", (page) => this.#draw(page));
    on("reload", () => this.#load());
    opened.onerror = () => (this.#stream === opened ? this.#fail() : opened.close());
  }

  #close() {
    this.#stream?.close();
    this.#stream = undefined;
    this.#silence = 0;
  }

  /** Note whether the server can be reached; say so once an outage has lasted. */
  #setReachable(isReachable) {
    if (isReachable === !this.#lostAt) return;
    clearTimeout(this.#lostTimer);
    this.#lostAt = isReachable ? 0 : Date.now();
    if (isReachable) this.#drawState();
    else this.#lostTimer = setTimeout(() => this.#drawState(), OUTAGE_DELAY);
  }

  #drawState() {
    const line = this.shadowRoot?.querySelector("header span");
    const outage = this.#lostAt && !this.#isOver && this.#about?.outage;
    if (!line) return;
    line.textContent = outage ? outage.text.replace("{time}", clock(this.#lostAt, outage)) : this.#state;
    line.className = outage || this.#isOver ? "" : "live";
  }

  #fail() {
    this.#setReachable(false);
    this.#close();
    this.#failures += 1;
    if (this.#failures >= 3) this.#retryAt = Date.now() + 60_000;
    this.#again();
  }

  /** After a failure: look for the stream again, or, where there is none, ask from time to time. */
  #again() {
    clearTimeout(this.#timer);
    if (!this.isConnected || this.#isOver) return;
    const polls = this.#failures >= 3 || !this.#isPushed;
    this.#timer = setTimeout(
      () => {
        if (!polls) return void this.#load().catch(() => {}).then(() => this.#listen());
        this.#load()
          .then(() => this.#isPushed && Date.now() >= this.#retryAt, () => false)
          .then((isDue) => (isDue ? this.#listen() : this.#again()));
      },
      polls ? 10_000 : 1000 * 2 ** this.#failures * (0.5 + Math.random()),
    );
  }

  #draw(page) {
    const shadow = this.shadowRoot ?? this.#makeShadow();
    const { title, url, language, direction } = this.#about;
    const [link, list] = ["a", ".entries"].map((name) => shadow.querySelector(name));
    this.lang ||= language;
    this.dir ||= direction ?? "";
    link.textContent = title;
    link.href = url;
    if (page) {
      const head = document.createRange().createContextualFragment(page.parts.head.html);
      this.#state = head.querySelector(".state strong")?.textContent ?? "";
      this.#isOver = page.state === "over";
      this.#drawState();
      if (this.#isOver) this.#close();
    }
    const shown = [...this.#entries.values()]
      .sort((a, b) => (a.order < b.order ? 1 : -1))
      .slice(0, this.#limit);
    const kept = new Map([...list.children].map((item) => [item.dataset.mark, item]));
    let day;
    list.replaceChildren(
      ...shown.map((item) => {
        const isFirst = item.day !== day;
        day = item.day;
        const mark = `${item.id} ${item.rev} ${isFirst}`;
        return kept.get(mark) ?? this.#made(item, mark, isFirst);
      }),
    );
  }

  #makeShadow() {
    const shadow = this.attachShadow({ mode: "open" });
    shadow.innerHTML = '<div class="box"><header><a></a><span></span></header><ol class="entries"></ol></div>';
    if ("adoptedStyleSheets" in shadow) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      shadow.adoptedStyleSheets = [sheet];
    } else {
      // Safari before 16.4; the policy of the page that embeds it may refuse this style.
      const style = document.createElement("style");
      style.textContent = STYLE;
      shadow.append(style);
    }
    return shadow;
  }

  #made(item, mark, isFirst) {
    const made = document.createElement("li");
    made.dataset.mark = mark;
    const article = document.createRange().createContextualFragment(item.html);
    for (const node of article.querySelectorAll("[href], [src], [poster]")) {
      for (const name of ["href", "src", "poster"]) {
        const value = node.getAttribute(name);
        if (value) node.setAttribute(name, new URL(value, this.#source));
      }
    }
    for (const node of article.querySelectorAll("[srcset]")) {
      const files = node.getAttribute("srcset").split(", ").map((file) => file.split(" "));
      node.setAttribute(
        "srcset",
        files.map(([path, width]) => `${new URL(path, this.#source)} ${width}`).join(", "),
      );
      node.sizes = "min(100vw, 640px)";
    }
    if (isFirst) {
      const heading = document.createRange().createContextualFragment(item.heading).querySelector("a");
      const label = document.createElement("div");
      label.className = "day";
      label.textContent = heading?.textContent ?? item.day;
      made.append(label);
    }
    made.append(article);
    return made;
  }
}

customElements.get("live-blog") ?? customElements.define("live-blog", LiveBlog);
