package tiles

// Box is a piece of the grid in degrees: West < East, South < North, longitudes within ±180. It never crosses the antimeridian.
type Box struct{ West, South, East, North float64 }
