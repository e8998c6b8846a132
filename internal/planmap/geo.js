"use strict";
// What the map's script knows of places, and nothing of the page. Places are Web Mercator with the world 1 wide: x runs on beyond 1 across the antimeridian, y grows
// southwards.
const xelpackGeo = (() => {
  function mercator(lat) {
    const limit = 85.05112878 * Math.PI / 180, phi = Math.min(Math.max(lat * Math.PI / 180, -limit), limit);
    return (1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2;
  }

  const latitude = y => Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180 / Math.PI;

  function withBounds(xy) {
    const line = { xy, west: Infinity, north: Infinity, east: -Infinity, south: -Infinity };
    for (let i = 0; i < xy.length; i += 2) {
      line.west = Math.min(line.west, xy[i]);
      line.east = Math.max(line.east, xy[i]);
      line.north = Math.min(line.north, xy[i + 1]);
      line.south = Math.max(line.south, xy[i + 1]);
    }
    return line;
  }

  // decodeLand reads land.bin: rings of steps in two hundredths of a degree.
  function decodeLand(bytes) {
    let at = 0, lon = 0, lat = 0;
    const number = () => {
      let n = 0, factor = 1, byte;
      do {
        byte = bytes.charCodeAt(at++);
        n += (byte & 127) * factor;
        factor *= 128;
      } while (byte > 127);
      return n;
    };
    const signed = () => { const n = number(); return n % 2 ? -(n + 1) / 2 : n / 2; };
    const rings = [];
    while (at < bytes.length) {
      const n = number(), xy = new Float64Array(2 * n + 2);
      for (let i = 0; i < n; i++) {
        lon += signed();
        lat += signed();
        xy[2 * i] = (lon / 200 + 180) / 360;
        xy[2 * i + 1] = mercator(lat / 200);
      }
      xy[2 * n] = xy[0];
      xy[2 * n + 1] = xy[1];
      rings.push(withBounds(xy));
    }
    return rings;
  }

  // position is a place in words.
  function position(x, y) {
    const lon = (x - Math.floor(x)) * 360 - 180, lat = latitude(y), side = (v, a, b) => `${Math.abs(v).toFixed(4)}° ${v < 0 ? b : a}`;
    return `${side(lat, "N", "S")} ${side(lon, "E", "W")}`;
  }

  return { mercator, latitude, withBounds, decodeLand, position };
})();
