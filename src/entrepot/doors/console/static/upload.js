// Sends archives in pieces: several files beside each other, on from where they stopped, whatever breaks in between.
// Sending goes on while its visitor looks at other pages of the console; the page finds its files again (`attach`).
"use strict";

(() => {
  if (window.entrepotUploads) {
    window.entrepotUploads.attach();
    return;
  }

  const AT_ONCE = 2;
  const WAIT_MAX = 30_000;
  const RECENT = 8_000; // speed is that of the last milliseconds
  const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
  const senders = []; // everything chosen since the page was loaded and not yet over
  let settings = {};

  const root = () => document.querySelector("[data-uploads]");
  const token = () => document.querySelector("meta[name=csrf]").content;
  const row = (id) => document.getElementById(`upload-${id}`);

  function size(count) {
    let unit = 0;
    while (count >= 1024 && unit < UNITS.length - 1) [count, unit] = [count / 1024, unit + 1];
    const digits = unit && count < 100 ? 1 : 0;
    return `${count.toLocaleString(settings.language, { maximumFractionDigits: digits })} ${UNITS[unit]}`;
  }

  function time(seconds) {
    const [unit, count] = seconds < 90 ? ["second", seconds] : seconds < 5400 ? ["minute", seconds / 60] : ["hour", seconds / 3600];
    return Math.max(1, Math.round(count)).toLocaleString(settings.language, { style: "unit", unit, unitDisplay: "long" });
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // The same file has the same mark on another day; it holds no more than the server is told anyway.
  const mark = (file) => `${file.name.slice(-60)} ${file.size} ${file.lastModified}`.replace(/[^\x20-\x7e]/g, "?");

  // A copy of what the page holds ready.
  const made = (name) => document.querySelector(`template[data-made="${name}"]`).content.firstElementChild.cloneNode(true);

  class Refused extends Error {}
  class Gone extends Error {}
  class Away extends Error {}

  async function ask(method, path, fields) {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        headers: { Accept: "text/html, application/json", "X-Script": "1" },
        body: fields && new URLSearchParams({ ...fields, csrf_token: token() }),
      });
    } catch {
      throw new Away();
    }
    return judged(answer.status, answer.redirected && answer.url.includes("/console/login"), await answer.text());
  }

  function judged(status, isSignedOut, text) {
    if (isSignedOut || status === 401) throw new Gone();
    if (status >= 500 || status === 429 || status === 0) throw new Away();
    if (status >= 400) throw new Refused(said(text), { cause: status });
    return text;
  }

  function said(text) {
    try {
      return JSON.parse(text).message;
    } catch {
      return settings.failed;
    }
  }

  // The row in `html` takes the place of the one there was.
  function show(html, id) {
    const held = document.createElement("template");
    held.innerHTML = html;
    const fresh = held.content.firstElementChild;
    const list = document.getElementById("uploads");
    if (!list || !fresh) return fresh;
    const before = row(id ?? fresh.dataset.upload);
    if (before) before.replaceWith(fresh);
    else list.prepend(fresh);
    document.querySelector("[data-uploads-section]").hidden = false;
    htmx.process(fresh);
    return fresh;
  }

  class Sender {
    constructor(file, fields, id) {
      this.file = file;
      this.fields = fields;
      this.id = id;
      this.local = `local-${Math.random().toString(36).slice(2)}`;
      this.held = 0;
      this.sending = 0;
      this.isOver = false;
      this.hasBegun = false;
      this.text = "queued";
      this.recent = [];
    }

    get element() {
      return row(this.id ?? this.local);
    }

    // A row of its own until the server has made one.
    announceHere() {
      if (this.id) return this.draw();
      const list = document.getElementById("uploads");
      if (!list || this.element) return;
      const one = made("upload");
      one.id = `upload-${this.local}`;
      one.querySelector("[data-away]").addEventListener("click", () => this.leave());
      one.querySelector("strong").textContent = this.file.name;
      one.querySelector(".under").textContent = size(this.file.size);
      one.querySelector("progress").setAttribute("aria-label", this.file.name);
      list.prepend(one);
      document.querySelector("[data-uploads-section]").hidden = false;
      this.draw();
    }

    draw() {
      const element = this.element;
      const place = element?.querySelector("[data-said]");
      if (!place || this.isOver) return;
      const done = Math.min(this.held + this.sending, this.file.size);
      const bar = element.querySelector("progress");
      bar.max = this.file.size;
      bar.value = done;
      const [first] = this.recent;
      const seconds = first ? (performance.now() - first.at) / 1000 : 0;
      const speed = seconds > 0.5 ? Math.max(0, done - first.done) / seconds : 0;
      let name = this.text;
      if (name === "sending" && !(speed > 0)) name = "starting";
      place.textContent = fill(settings[name] ?? name, {
        done: size(done),
        size: size(this.file.size),
        speed: size(speed),
        left: time((this.file.size - done) / (speed || 1)),
      });
    }

    note() {
      const now = performance.now();
      this.recent.push({ at: now, done: this.held + this.sending });
      while (this.recent.length > 2 && now - this.recent[0].at > RECENT) this.recent.shift();
      this.draw();
    }

    // Before the server knows of it, nothing needs to be undone.
    leave() {
      this.isOver = true;
      this.element?.remove();
      document.querySelector("[data-uploads-section]").hidden = !document.getElementById("uploads").childElementCount;
      advance();
    }

    mayLeave(may) {
      const button = this.element?.querySelector("[data-away]");
      if (button) button.hidden = !may;
    }

    refuse(text) {
      this.isOver = true;
      const element = this.element;
      if (!element) return;
      this.mayLeave(true);
      element.querySelector("progress")?.remove();
      element.querySelector("[data-said]")?.remove();
      const alert = made("problem");
      alert.querySelector("p").textContent = text;
      element.append(alert);
    }

    async run() {
      let pause = 1_000;
      this.mayLeave(false);
      while (!this.isOver) {
        try {
          await this.begin();
          await this.pieces(() => (pause = 1_000));
          show(await ask("POST", `/console/uploads/${this.id}/finish`, {}), this.id);
          this.isOver = true;
        } catch (error) {
          if (error instanceof Gone) {
            this.text = "gone";
            this.draw();
            this.isOver = true;
          } else if (error instanceof Refused && [404].includes(error.cause) && this.id) {
            this.isOver = true; // cancelled, here or elsewhere
          } else if (error instanceof Refused && error.cause !== 416) {
            this.refuse(error.message);
          } else if (error instanceof Refused || error instanceof Away) {
            this.sending = 0;
            this.recent = [];
            if (error instanceof Away) this.text = "offline";
            this.draw();
            await back(pause);
            pause = Math.min(pause * 2, WAIT_MAX);
          } else throw error;
        }
      }
    }

    // The server's row says where to begin; it makes one for a file it does not know yet.
    async begin() {
      const { file, fields } = this;
      const html = this.id
        ? await ask("GET", `/console/uploads/${this.id}`)
        : await ask("POST", "/console/uploads", { ...fields, file_name: file.name, size: file.size, fingerprint: mark(file) });
      const fresh = show(html, this.id ?? this.local);
      this.id = fresh.dataset.upload;
      this.held = Number(fresh.dataset.held);
      this.sending = 0;
      this.text = "sending";
      this.note();
    }

    async pieces(went) {
      while (this.held < this.file.size && !this.isOver) {
        const stop = Math.min(this.held + settings.pieceBytes, this.file.size);
        const answer = await this.piece(this.file.slice(this.held, stop), stop);
        this.held = JSON.parse(answer).held;
        this.sending = 0;
        went();
        this.note();
      }
    }

    // XMLHttpRequest, for `fetch` does not tell how much of a body has left.
    piece(body, stop) {
      return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("PATCH", `/console/uploads/${this.id}`);
        request.setRequestHeader("Accept", "application/json");
        request.setRequestHeader("X-CSRF-Token", token());
        request.setRequestHeader("Content-Range", `${this.held}-${stop - 1}`);
        request.upload.onprogress = (event) => {
          this.sending = event.loaded;
          this.note();
        };
        request.onerror = () => reject(new Away());
        request.onload = () => {
          try {
            resolve(judged(request.status, request.responseURL.includes("/console/login"), request.responseText));
          } catch (error) {
            reject(error);
          }
        };
        request.send(body);
      });
    }
  }

  // After a while, or as soon as the browser says that the network is back.
  function back(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }

  function advance() {
    for (const one of senders.filter((one) => one.isOver)) senders.splice(senders.indexOf(one), 1);
    for (const next of senders.filter((one) => !one.hasBegun)) {
      if (senders.filter((one) => one.hasBegun).length >= AT_ONCE) break;
      next.hasBegun = true;
      next.run().finally(() => {
        next.isOver = true;
        advance();
      });
    }
  }

  function choose(files) {
    const form = root();
    const fields = Object.fromEntries(["organization", "repository", "tag"].map((name) => [name, form.elements[name].value]));
    for (const file of files) {
      const known = [...document.querySelectorAll('[data-upload][data-state="receiving"]')].find((one) => one.dataset.fingerprint === mark(file));
      if (senders.some((one) => mark(one.file) === mark(file) && !one.isOver)) continue;
      const sender = new Sender(file, fields, known?.dataset.upload);
      sender.announceHere();
      const most = Number(form.elements.organization.selectedOptions[0].dataset.bytesMax);
      if (most >= 0 && file.size > most) sender.refuse(settings.tooLarge.replace("{size}", size(most)).replace("{organization}", fields.organization));
      else if (file.size === 0) sender.refuse(settings.empty);
      else senders.push(sender);
    }
    advance();
  }

  addEventListener("beforeunload", (event) => {
    if (senders.some((one) => !one.isOver)) event.preventDefault();
  });

  // The page is here, for the first time or again.
  function attach() {
    const form = root();
    if (!form) return;
    settings = { ...form.dataset, pieceBytes: Number(form.dataset.pieceBytes) };
    const drop = form.querySelector("[data-drop]");
    const files = document.getElementById("files");
    const chosen = form.elements.organization;
    chosen.addEventListener("change", () => (document.getElementById(chosen.dataset.says).textContent = chosen.selectedOptions[0].dataset.said));
    files.addEventListener("change", () => {
      choose(files.files);
      files.value = "";
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("is-over");
      });
    }
    drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("is-over");
      choose(event.dataTransfer.files);
    });
    for (const one of senders) one.announceHere();
  }

  window.entrepotUploads = { attach };
  attach();
})();
