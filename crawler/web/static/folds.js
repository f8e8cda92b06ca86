// Folds the filters away on small screens, where results should come first. Works without, too.
"use strict";
if (window.matchMedia("(max-width: 59.99rem)").matches) {
  for (const part of document.querySelectorAll("details[data-folds]")) part.open = false;
}
