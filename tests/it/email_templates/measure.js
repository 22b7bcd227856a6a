"use strict";
// Looks at every mail as its reader's program lays it out, and writes down what nobody should have to put up with.
addEventListener("load", () => {
  const channels = (colour) => {
    const [red, green, blue, alpha = "1"] = colour.match(/[\d.]+/g);
    return { rgb: [red, green, blue].map(Number), alpha: Number(alpha) };
  };
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element, view) => {
    for (let at = element; at; at = at.parentElement) {
      const { rgb, alpha } = channels(view.getComputedStyle(at).backgroundColor);
      if (alpha === 1) return rgb;
    }
    return null;
  };
  const seen = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const view = frame.contentWindow, page = frame.contentDocument, flaws = [];
    const width = page.documentElement.clientWidth;
    const overflow = [page.documentElement.scrollWidth, ...[...page.querySelectorAll("body *")].map((element) => Math.ceil(element.getBoundingClientRect().right))];
    if (Math.max(...overflow) > width) flaws.push(`is ${Math.max(...overflow)} px wide on ${width}`);
    if (page.querySelector("img, picture, video, audio, link, script, iframe, object, embed, source, base, form")) flaws.push("needs something from outside");
    if (view.performance.getEntriesByType("resource").length > 0) flaws.push("fetched something");
    let texts = 0, lowest = 21;
    const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
      const range = page.createRange();
      range.selectNodeContents(walker.currentNode);
      if (!text.replaceAll("\u00a0", "") || !element.checkVisibility({ opacityProperty: true }) || range.getClientRects().length === 0) continue;
      const style = view.getComputedStyle(element), size = parseFloat(style.fontSize), under = ground(element, view);
      texts += 1;
      if (size < 12) flaws.push(`${size} px: ${text}`);
      if (!under) { flaws.push(`no ground under: ${text}`); continue; }
      const [light, dark] = [luminance(channels(style.color).rgb), luminance(under)].sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      lowest = Math.min(lowest, contrast);
      if (contrast < (large ? 3 : 4.5)) flaws.push(`contrast ${contrast.toFixed(2)}: ${text}`);
    }
    const scheme = view.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    seen.push({ mail: frame.title, width, scheme, texts, lowest, ground: ground(page.body, view), flaws });
  }
  document.body.textContent = JSON.stringify(seen);
});
