/* Owns the words of a page whose catalog did not come, as when the server went in that moment: those of the scripts. */
(() => {
  "use strict";
  window.gettext ??= (text) => text;
  window.ngettext ??= (one, many, n) => (n === 1 ? one : many);
  window.interpolate ??= (text, values, isNamed) => {
    const rest = isNamed ? [] : [...values];
    return text.replace(isNamed ? /%\((\w+)\)s/g : /%s/g, (_, name) => String(isNamed ? values[name] : rest.shift()));
  };
})();
