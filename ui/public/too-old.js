/* Plain ES5, runs before the app: says in words when the web engine is too old to start it. */
(function () {
  var agent = navigator.userAgent;
  var chrome = /Chrom(?:e|ium)\/(\d+)/.exec(agent);
  var old = chrome
    ? parseInt(chrome[1], 10) < 83
    : !(window.Promise && Promise.allSettled && window.IntersectionObserver && String.prototype.matchAll);
  if (!old) return;
  var page = document.getElementById('too-old');
  page.hidden = false;
  document.getElementById('too-old-found').textContent = chrome ? chrome[0] : agent;
  var app = document.getElementById('app');
  app.parentNode.removeChild(app);
})();
