// The few lines that plain HTML cannot do. Everything works without them.
"use strict";
(() => {
  // The tiles are one tab stop; arrow keys go to the next tile in that direction, over gaps.
  class TileGrid extends HTMLElement {
    connectedCallback() {
      const tiles = Array.from(this.querySelectorAll("a[data-row]"));
      const enter = (tile) => {
        for (const other of tiles) other.setAttribute("tabindex", other === tile ? "0" : "-1");
      };
      if (tiles.length > 0) enter(tiles[0]);
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      this.addEventListener("keydown", (event) => {
        const step = steps[event.key];
        const here = event.target instanceof Element ? event.target.closest("a[data-row]") : null;
        if (!step || !here) return;
        event.preventDefault();
        const place = (tile) => [Number(tile.dataset.row), Number(tile.dataset.column)];
        const [row, column] = place(here);
        let next = null;
        let nearest = Infinity;
        for (const tile of tiles) {
          const [r, c] = place(tile);
          const along = (r - row) * step[0] + (c - column) * step[1];
          const aside = Math.abs((r - row) * step[1]) + Math.abs((c - column) * step[0]);
          const distance = along * 1 + aside * 3;
          if (along > 0 && distance < nearest) {
            nearest = distance;
            next = tile;
          }
        }
        if (next) {
          enter(next);
          next.focus();
        }
      });
      this.addEventListener("focusin", (event) => {
        const tile = event.target instanceof Element ? event.target.closest("a[data-row]") : null;
        if (tile) enter(tile);
      });
    }
  }
  customElements.define("tile-grid", TileGrid);

  // `/` goes to the search, as long as nobody is writing.
  document.addEventListener("keydown", (event) => {
    const writing = event.target instanceof Element && event.target.closest("input, textarea, select");
    const search = document.getElementById("search");
    if (event.key !== "/" || writing || event.ctrlKey || event.altKey || event.metaKey || !search) return;
    event.preventDefault();
    search.focus();
  });

  // What is wrong with a form is read first.
  const errors = document.querySelector(".errors");
  if (errors) errors.focus();
})();
