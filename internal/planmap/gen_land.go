//go:build ignore

// Command gen_land converts Natural Earth's land, in TopoJSON from the npm package world-atlas, to
// land.bin (its format is described in land.go):
//
//	npm install world-atlas@2.0.2 && go run gen_land.go node_modules/world-atlas/land-50m.json land.bin
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
)

const (
	unitsPerDegree = 200  // as in land.go
	tolerance      = 0.01 // in degrees
)

type point struct{ lon, lat float64 }

type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
	Objects   struct {
		Land struct {
			Geometries []struct{ Arcs [][][]int }
		}
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: go run gen_land.go land-50m.json land.bin")
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var topo topology
	if err := json.Unmarshal(raw, &topo); err != nil {
		log.Fatal(err)
	}
	arcs := make([][]point, len(topo.Arcs))
	for i, arc := range topo.Arcs {
		var x, y float64
		for _, d := range arc {
			x, y = x+d[0], y+d[1]
			arcs[i] = append(arcs[i], point{
				x*topo.Transform.Scale[0] + topo.Transform.Translate[0],
				y*topo.Transform.Scale[1] + topo.Transform.Translate[1],
			})
		}
	}
	var out []byte
	var lastX, lastY int64
	rings, points := 0, 0
	for _, g := range topo.Objects.Land.Geometries {
		for _, polygon := range g.Arcs {
			for _, ring := range polygon {
				xy := quantise(simplify(unwrap(join(arcs, ring))))
				if len(xy) < 4 {
					continue
				}
				rings, points = rings+1, points+len(xy)-1
				out = binary.AppendUvarint(out, uint64(len(xy)-1))
				for _, p := range xy[1:] { // the first is the last of the previous arc
					out = binary.AppendVarint(out, p[0]-lastX)
					out = binary.AppendVarint(out, p[1]-lastY)
					lastX, lastY = p[0], p[1]
				}
			}
		}
	}
	if err := os.WriteFile(os.Args[2], out, 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d rings, %d points, %d bytes\n", rings, points, len(out))
}

// join builds a ring from its arcs: ^n is arc n backwards, and each arc starts where the previous
// one ended.
func join(arcs [][]point, ring []int) []point {
	var line []point
	for _, n := range ring {
		var arc []point
		if n >= 0 {
			arc = slices.Clone(arcs[n])
		} else {
			arc = slices.Clone(arcs[^n])
			slices.Reverse(arc)
		}
		if len(line) > 0 {
			arc = arc[1:]
		}
		line = append(line, arc...)
	}
	return line
}

// unwrap makes longitudes continue across the antimeridian. Antarctica surrounds the pole: it is
// closed along 90° S.
func unwrap(ring []point) []point {
	for i := range ring[1:] {
		ring[i+1].lon = ring[i].lon + math.Remainder(ring[i+1].lon-ring[i].lon, 360)
	}
	first, last := ring[0], ring[len(ring)-1]
	if math.Abs(last.lon-first.lon) > 180 {
		ring = append(ring, point{last.lon, -90}, point{first.lon, -90}, first)
	}
	return ring
}

// simplify is the Douglas-Peucker algorithm with distances as on the ground. A ring is first split
// in two.
func simplify(ring []point) []point {
	far := 0
	for i := range ring {
		if apart(ring[i], ring[0], ring[0]) > apart(ring[far], ring[0], ring[0]) {
			far = i
		}
	}
	return append(reduce(ring[:far+1]), reduce(ring[far:])[1:]...)
}

func reduce(line []point) []point {
	if len(line) < 3 {
		return slices.Clone(line)
	}
	worst, at := 0.0, 0
	for i := 1; i < len(line)-1; i++ {
		if d := apart(line[i], line[0], line[len(line)-1]); d > worst {
			worst, at = d, i
		}
	}
	if worst <= tolerance {
		return []point{line[0], line[len(line)-1]}
	}
	return append(reduce(line[:at+1]), reduce(line[at:])[1:]...)
}

// apart returns the distance of p from the segment a to b, in degrees of latitude.
func apart(p, a, b point) float64 {
	wide := math.Max(math.Cos(p.lat*math.Pi/180), 0.1)
	px, py, bx, by := (p.lon-a.lon)*wide, p.lat-a.lat, (b.lon-a.lon)*wide, b.lat-a.lat
	t := 0.0
	if length := bx*bx + by*by; length > 0 {
		t = math.Min(math.Max((px*bx+py*by)/length, 0), 1)
	}
	return math.Hypot(px-t*bx, py-t*by)
}

func quantise(line []point) [][2]int64 {
	var xy [][2]int64
	for _, p := range line {
		q := [2]int64{int64(math.Round(p.lon * unitsPerDegree)),
			int64(math.Round(p.lat * unitsPerDegree))}
		if len(xy) == 0 || q != xy[len(xy)-1] {
			xy = append(xy, q)
		}
	}
	return xy
}
