package status

// State is what is known of a texture, in the words of the page's legend.
type State uint8

// The states. The numbers are those of the page's script.
const (
	Planned  State = iota // to be built
	Building              // being fetched and encoded
	Packed                // in an archive
	Holes                 // in an archive, with chunks that failed
	Used                  // in an archive, and opened
	Waited                // somebody has it open(2)ed and waits
	Made                  // made live
	StandIn               // answered with a stand-in
	Missing               // looked for, and nobody has it
	states
)

// legend is how a state is shown: on the light map and on the dark one. The colours differ in
// lightness too, for those who see few hues.
var legend = [states]struct{ Label, Light, Dark string }{
	Planned:  {"to be built", "#c3ccd6", "#3d4854"},
	Building: {"being built", "#e69500", "#ffc04d"},
	Packed:   {"packed", "#3f7fbf", "#3a78b8"},
	Holes:    {"packed, with holes", "#8a4fa3", "#c58be0"},
	Used:     {"packed and asked for", "#123f73", "#8fc4ff"},
	Waited:   {"asked for, waited for", "#f5d000", "#fff07a"},
	Made:     {"generated live", "#1d8a63", "#4fd6a2"},
	StandIn:  {"stand-in served", "#c2410c", "#ff8a50"},
	Missing:  {"missing", "#b00020", "#ff5c6c"},
}

// String returns the state's label.
func (s State) String() string { return legend[s].Label }
