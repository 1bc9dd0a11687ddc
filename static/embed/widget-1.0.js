/* Puts a list of products where this script stands. Sets no cookie, reads nothing of the page. */
(function () {
  "use strict";
  var me = document.currentScript;
  var frame = document.createElement("iframe");
  frame.src = new URL("/w/" + encodeURIComponent(me.dataset.widget), me.src).href;
  frame.title = me.dataset.title || "";
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  frame.style.cssText = "display:block;width:100%;height:320px;border:0;color-scheme:normal";
  window.addEventListener("message", function (event) {
    var height = event.source === frame.contentWindow && event.data && event.data.widgetHeight;
    if (height > 0) frame.style.height = Math.min(height, 4000) + "px";
  });
  me.parentNode.insertBefore(frame, me.nextSibling);
})();
