package status

// State is the state of a texture, as in the page's legend.
type State uint8

// The states. The page's script uses these numbers.
const (
	Planned  State = iota // to be built
	Building              // being fetched and encoded
	Packed                // in an archive
	Holes                 // in an archive, with chunks that failed
	Used                  // in an archive, and opened
	Waited                // an open(2) waits for it
	Made                  // made live
	StandIn               // a stand-in was served
	Missing               // looked up, but it does not exist
	states
)

// legend is how a state is shown, on the light map and on the dark one. The colours also differ in
// lightness, for the colour-blind.
var legend = [states]struct{ Label, Light, Dark string }{
	Planned:  {"to be built", "#c3ccd6", "#3d4854"},
	Building: {"being built", "#e69500", "#ffc04d"},
	Packed:   {"packed", "#3f7fbf", "#3a78b8"},
	Holes:    {"packed, with holes", "#8a4fa3", "#c58be0"},
	Used:     {"packed and asked for", "#123f73", "#8fc4ff"},
	Waited:   {"waited for", "#f5d000", "#fff07a"},
	Made:     {"generated live", "#1d8a63", "#4fd6a2"},
	StandIn:  {"stand-in served", "#c2410c", "#ff8a50"},
	Missing:  {"missing", "#b00020", "#ff5c6c"},
}

// String returns the state's label.
func (s State) String() string { return legend[s].Label }
