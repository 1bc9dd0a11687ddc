/* Tells the page around the widget how high it is; nothing else. */
(function () {
  "use strict";
  new ResizeObserver(function () {
    parent.postMessage({ widgetHeight: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
  }).observe(document.body);
})();
