// Light or dark: the system's choice, until the reader makes another. It is remembered where the browser lets us.
(function () {
  var root = document.documentElement, button = document.getElementById("theme"), key = "grandmodel-theme";
  var stored = null;
  try { stored = localStorage.getItem(key); } catch (_) { /* a page from a file may have no storage */ }
  if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  button.hidden = false;
  button.addEventListener("click", function () {
    var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem(key, root.dataset.theme); } catch (_) { /* as above */ }
  });
})();
