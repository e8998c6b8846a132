package tiles

// Covered returns how many metres of the path lie over a texture of the plan, accurate to about a
// hundred metres.
func (p *Path) Covered(plan []Item) float64 {
	const step = 100.0 // metres
	type square struct {
		zl       ZL
		row, col uint32
	}
	squares, zls := make(map[square]bool), make(map[ZL]bool)
	for _, it := range plan {
		squares[square{it.ZL, it.Row, it.Col}] = true
		zls[it.ZL] = true
	}
	covered := 0.0
	for _, l := range p.legs {
		n := max(1, int(l.length*EarthRadius/step))
		for i := range n {
			at := l.at(l.length * (float64(i) + 0.5) / float64(n)).point()
			for zl := range zls {
				if t := At(at, zl, ""); squares[square{zl, t.Row, t.Col}] {
					covered += l.length * EarthRadius / float64(n)
					break
				}
			}
		}
	}
	return covered
}
